/**
 * Presence, the people with a socket somewhere: leases that each relay renews before they run out, so that nothing is ever counted up
 * and down, and a relay that dies takes its leases with it. Changes of presence are kept until
 * they are acknowledged. Two adapters, one contract test.
 */
export interface Person {
  session_id: string;
  user_id: string;
}

export interface Change extends Person {
  is_present: boolean;
}

export interface Presence {
  /** This relay has sockets of these people, from now for the length of a lease. */
  hold(relay: string, people: readonly Person[]): Promise<void>;
  /** This relay had sockets of these people, and has none any more. True even where their lease was forgotten. */
  release(relay: string, people: readonly Person[]): Promise<void>;
  /**
   * People who came or went and were not acknowledged since, the longest ago first. Going is told only after a moment, so that a
   * socket that comes right back is no change.
   */
  changed(limit: number): Promise<Change[]>;
  /** These were dealt with. People that have changed again meanwhile are told again. */
  acknowledge(changes: readonly Change[]): Promise<void>;
  /** Whether each of them has a socket anywhere. */
  arePresent(people: readonly Person[]): Promise<boolean[]>;
  close(): Promise<void>;
}

export interface PresenceOptions {
  /** How long a lease holds unless it is said again. */
  lease_ms: number;
  /** How long a person must be gone before the change is told. */
  flicker_ms: number;
}

export const PRESENCE: PresenceOptions = { lease_ms: 15_000, flicker_ms: 1_000 };

/** How often a relay says its leases again: two may be lost. */
export const REFRESH_MS = 5_000;

export function keyOf({ session_id, user_id }: Person): string {
  return `${session_id} ${user_id}`;
}

export function personOf(key: string): Person {
  const [session_id, user_id] = key.split(' ') as [string, string];
  return { session_id, user_id };
}
