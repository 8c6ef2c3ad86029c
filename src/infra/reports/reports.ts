/**
 * What each relay says of itself, under a lease: its report, and how many listen in each of its rooms. All numbers are
 * absolute and said again before the lease runs out, so that nothing is ever counted up and down, and a relay that dies
 * takes its numbers with it. Readers add up what the live relays say. Two adapters, one contract test.
 */
import { z } from 'zod';

const count = z.int().min(0).catch(0);

/** A field that a relay of another version does not say is 0, and one that it says beside these is left alone. */
export const RelayReport = z.looseObject({
  started_at: z.string(),
  connections: count,
  connections_by_transport: z.record(z.string(), z.int().min(0)).catch({}),
});
export type RelayReport = z.output<typeof RelayReport>;

/** Of one room, at one relay or at all. */
export interface Tally {
  /** Of all who have it open. */
  connections: number;
  /** Of those that count as present. */
  listeners: number;
}

export const NOBODY: Tally = { connections: 0, listeners: 0 };

/** By session. */
export type Tallies = ReadonlyMap<string, Tally>;

/** What a relay says, each time for the length of a lease. */
export interface Said {
  report: RelayReport;
  /** All of its rooms where `users` are given, otherwise those that have changed; none is left with no connections. */
  rooms: Tallies;
  /** Everybody with a connection. What was said before, and is not said now, is forgotten. */
  users?: readonly string[];
}

export interface Reports {
  say(relay: string, said: Said): Promise<void>;
  /** This relay is no more. To be followed by nothing. */
  leave(relay: string): Promise<void>;
  /** Of each live relay, by its id. */
  reports(): Promise<ReadonlyMap<string, RelayReport>>;
  /** What live relays say of these rooms, added up, in their order. @param but leaves this relay out */
  tallies(session_ids: readonly string[], but?: string): Promise<Tally[]>;
  /** The rooms of each live relay, by its id. */
  rooms(): Promise<ReadonlyMap<string, Tallies>>;
  /** How many users have a connection anywhere. */
  uniqueUsers(): Promise<number>;
  close(): Promise<void>;
}

/** How long what a relay says holds. */
export const REPORT_LEASE_MS = 15_000;

export function addTallies(one: Tally, other: Tally): Tally {
  return { connections: one.connections + other.connections, listeners: one.listeners + other.listeners };
}
