/** The channel that says which assignments changed, by id: what is kept of their scope is out of date. */
import type { Log } from '../telemetry/log.ts';
import type { Broadcast } from './broadcast.ts';

export const SCOPE_CHANGES = 'scopes';

export interface ScopeListener {
  onChange(assignment_id: string): void;
  /** Changes may have been missed. */
  onInterruption(): void;
}

/** Not waited for: without a broadcast, listeners find out for themselves. @returns what ends it */
export function listenForScopeChanges(broadcast: Broadcast, listener: ScopeListener, log: Log): () => void {
  let isEnded = false;
  const subscribed = broadcast.subscribe(SCOPE_CHANGES, listener.onChange);
  subscribed.catch((err) => log.warn({ err }, 'no channel of scope changes; scopes are polled'));
  broadcast.onInterruption(() => {
    if (!isEnded) listener.onInterruption();
  });
  return () => {
    isEnded = true;
    void subscribed.then((end) => end()).catch(() => {});
  };
}
