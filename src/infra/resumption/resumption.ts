/**
 * Which resume tickets are good: each by a key that names its bearer too. A ticket is good while its connection's relay
 * renews it, and for a while beyond; a relay that dies leaves tickets that lapse by themselves. Two adapters, one
 * contract test.
 */
export interface Resumption {
  /** These are good from now on. */
  hold(keys: readonly string[]): Promise<void>;
  /** The connections of these still live. */
  renew(keys: readonly string[]): Promise<void>;
  /** The connections of these have ended: from now they are good for a while. */
  release(keys: readonly string[]): Promise<void>;
  /** These are good no more. */
  drop(keys: readonly string[]): Promise<void>;
  /** Uses it up. @returns true to one caller alone, whatever the process, where it was good */
  take(key: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface ResumptionOptions {
  /** How long a ticket that is not renewed is good. */
  lease_ms: number;
  /** How long a ticket is good after its connection. */
  beyond_ms: number;
}

/** How often a relay renews the tickets of its connections. */
export const RENEW_MS = 60_000;

const BEYOND_MS = 10 * 60_000;

/** One renewal may be lost before a dead relay's tickets are good for less than those of ended connections. */
export const RESUMPTION: ResumptionOptions = { lease_ms: BEYOND_MS + 2 * RENEW_MS, beyond_ms: BEYOND_MS };
