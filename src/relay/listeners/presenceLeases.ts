/**
 * Presence as this relay tells it: a lease for each person of a roster who listens here, however many sockets they
 * have. All leases are said again together; a relay that dies stops saying so. It writes nothing to the record.
 */
import { keyOf, type Person, type Presence, REFRESH_MS } from '../../infra/presence/presence.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';

export interface Seats {
  /** A socket of this person is open. @returns what to call, once, when it is closed */
  take(person: Person): () => void;
  /** From now on leases are left to run out: a listener that is sent away to come back should not be seen to go. */
  drain(): void;
  /** Says nothing more. */
  close(): void;
}

/** Where nobody is present. */
export const NO_SEATS: Seats = { take: () => () => {}, drain() {}, close() {} };

export interface SeatsOptions {
  /** Of this relay, new at each start. */
  id: string;
  presence: Presence;
  metrics: Metrics;
  log: Log;
}

export function createPresenceLeases({ id, presence, metrics, log }: SeatsOptions): Seats {
  const taken = new Map<string, { person: Person; sockets: number }>();
  let isDraining = false;
  const timer = setInterval(refresh, REFRESH_MS);
  timer.unref();

  function take(person: Person): () => void {
    const key = keyOf(person);
    const seat = taken.get(key) ?? { person, sockets: 0 };
    taken.set(key, seat);
    seat.sockets += 1;
    if (seat.sockets === 1) say(presence.hold(id, [person]));
    metrics.presenceLeases.set(taken.size);
    return () => {
      seat.sockets -= 1;
      if (seat.sockets > 0) return;
      taken.delete(key);
      metrics.presenceLeases.set(taken.size);
      if (!isDraining) say(presence.release(id, [person]));
    };
  }

  function refresh(): void {
    if (taken.size === 0) return;
    say(
      presence.hold(
        id,
        [...taken.values()].map(({ person }) => person),
      ),
    );
  }

  /** Best effort: a failed hold is repeated at the next refresh, a failed release expires with its lease. */
  function say(told: Promise<void>): void {
    told.catch((err) => log.debug({ err }, 'telling presence failed'));
  }

  function drain(): void {
    isDraining = true;
  }

  function close(): void {
    drain();
    clearInterval(timer);
  }

  return { take, drain, close };
}
