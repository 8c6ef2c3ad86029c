/**
 * A listener stays in scope or is dismissed. A change of an assignment is acted on when it is announced; because
 * that may be lost, and an admission may have crossed it, the scope of all listeners is read again every few seconds.
 */
import { readScopes } from '../../access/scope.ts';
import type { ScopeCache } from '../../access/scopeCache.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import { listenForScopeChanges } from '../../infra/broadcast/scopeChanges.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { checkInTurn } from './checkInTurn.ts';
import type { Listeners } from './listeners.ts';

const EVERY_MS = 5_000;

export interface ScopeCheckOptions {
  db: Queryable;
  listeners: Pick<Listeners, 'sessions' | 'review' | 'arrived'>;
  scopes: ScopeCache;
  broadcast: Broadcast;
  log: Log;
}

/** @returns what ends it */
export function startScopeCheck({ db, listeners, scopes, broadcast, log }: ScopeCheckOptions): () => void {
  const check = checkInTurn(checkSome);

  async function checkSome(session_ids: string[]): Promise<void> {
    const arrived = listeners.arrived();
    try {
      listeners.review(session_ids, await readScopes(db, session_ids), arrived);
    } catch (err) {
      log.warn({ err }, 'scope check failed');
    }
  }

  function onChange(assignment_id: string): void {
    scopes.forget(assignment_id);
    void check(listeners.sessions(assignment_id));
  }

  function onInterruption(): void {
    scopes.forgetAll();
    void check(listeners.sessions());
  }

  const stopListening = listenForScopeChanges(broadcast, { onChange, onInterruption }, log);
  const timer = setInterval(() => void check(listeners.sessions()), EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    stopListening();
  };
}
