/**
 * Demand: by how many connections each match is followed, at all relays. Each connection is a lease of its own that its
 * relay says again before it runs out, so that nothing is ever counted up and down, and a relay that dies takes its leases
 * with it. Two adapters, one contract test.
 */
export interface Demand {
  /** From now on, for the length of a lease. */
  hold(leases: Leases): Promise<void>;
  /** Said twice, or of what was not held, it changes nothing. */
  release(leases: Leases): Promise<void>;
  /** In the order of the matches. */
  demandOf(match_ids: readonly string[]): Promise<number[]>;
  close(): void;
}

/** Connections by the match that they follow. */
export type Leases = ReadonlyMap<string, readonly string[]>;

export const DEMAND = { lease_ms: 45_000 };

/** How often a relay says all leases again: two may be lost. */
export const DEMAND_REFRESH_MS = 15_000;
