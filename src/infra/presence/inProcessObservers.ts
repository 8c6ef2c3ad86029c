/** Leases of observations within one process, for the embedded mode: after a start nothing is known for a while. */
import { gapOf, isWhole, type ObserverLeases, type ObserverOptions, REMEMBERED_MS } from './observers.ts';

export function createInProcessObservers(options: ObserverOptions): ObserverLeases {
  let since = 0;
  let saidUntil = Number.NEGATIVE_INFINITY;
  /** When each lease runs out, in order of the last word on it. */
  const ends = new Map<string, number>();

  async function hold(observation_ids: readonly string[]): Promise<void> {
    const now = performance.now();
    if (now > saidUntil) since = now;
    saidUntil = now + gapOf(options);
    for (const id of observation_ids) {
      ends.delete(id);
      ends.set(id, now + options.lease_ms);
    }
    for (const [id, end] of ends) {
      if (end >= now - REMEMBERED_MS) break;
      ends.delete(id);
    }
  }

  async function lapses(observation_ids: readonly string[]) {
    const now = performance.now();
    const known_ms = now > saidUntil ? 0 : now - since;
    const lapsed_ms = observation_ids.map((id) => {
      const end = ends.get(id);
      return end === undefined ? null : now - end;
    });
    return { lapsed_ms, known_ms, is_whole: isWhole(known_ms, options) };
  }

  return { hold, lapses, close: async () => ends.clear() };
}
