/**
 * Leases of observations: each holds while a socket of it is open and for so long beyond as a resume ticket lets it come
 * back. Relays say them again, and say so where there are none: after a gap, as after a wipe or a stop of Redis, what is
 * known of leases begins anew.
 */
export interface ObserverLeases {
  /** Sockets of these observations, which may be none, are open, or just closed: their leases begin anew. */
  hold(observation_ids: readonly string[]): Promise<void>;
  lapses(observation_ids: readonly string[]): Promise<Lapses>;
  close(): Promise<void>;
}

export interface Lapses {
  /** How long ago each lease ran out, negative while it holds; null where there was none lately. In the order asked. */
  lapsed_ms: (number | null)[];
  /** For how long relays have said theirs without a gap. */
  known_ms: number;
  /** For long enough that whatever holds has been said again: one that is not known does not hold. */
  is_whole: boolean;
}

export interface ObserverOptions {
  lease_ms: number;
  /** How often relays say all leases again. */
  refresh_ms: number;
}

export const OBSERVERS: ObserverOptions = { lease_ms: 10 * 60_000, refresh_ms: 30_000 };

/** That a lease ran out is remembered for so long. */
export const REMEMBERED_MS = 24 * 3_600_000;

/** A relay may miss two refreshes. */
export function gapOf({ refresh_ms }: ObserverOptions): number {
  return 3 * refresh_ms;
}

export function isWhole(known_ms: number, options: ObserverOptions): boolean {
  return known_ms >= options.lease_ms + gapOf(options);
}
