/**
 * The leases of the observations that have a socket here: told soon after one opens or closes, and all again before they
 * run out. Nothing is written to the record; a timed job ends what has lapsed.
 */
import { OBSERVERS, type ObserverLeases } from '../../infra/presence/observers.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Admitted } from './admission.ts';

export interface ObservationLeases {
  /** A socket was opened or closed. */
  note(admitted: Admitted): void;
  /** Says what is still to be said. */
  close(): Promise<void>;
}

export interface ObservationLeasesOptions {
  observers: ObserverLeases;
  guests(): Iterable<{ admitted: Admitted }>;
  log: Log;
}

const SAY_EVERY_MS = 1_000;

export function createObservationLeases({ observers, guests, log }: ObservationLeasesOptions): ObservationLeases {
  let due = new Set<string>();
  let saidAllAt = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => void say(), SAY_EVERY_MS);
  timer.unref();

  function note({ identity }: Admitted): void {
    if ('session_id' in identity && identity.id !== undefined) due.add(identity.id);
  }

  async function say(): Promise<void> {
    const isAllDue = performance.now() - saidAllAt >= OBSERVERS.refresh_ms;
    if (isAllDue) for (const { admitted } of guests()) note(admitted);
    if (due.size === 0 && !isAllDue) return;
    const said = due;
    due = new Set();
    try {
      await observers.hold([...said]);
      if (isAllDue) saidAllAt = performance.now();
    } catch (err) {
      for (const id of said) due.add(id);
      log.debug({ err }, 'saying leases of observations failed');
    }
  }

  async function close(): Promise<void> {
    clearInterval(timer);
    await say();
  }

  return { note, close };
}
