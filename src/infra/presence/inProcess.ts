/** Presence within one process, for the embedded mode: whatever ends the process ends its sockets too. */
import { type Change, keyOf, type Person, type Presence, type PresenceOptions, personOf } from './presence.ts';

export function createInProcessPresence({ lease_ms, flicker_ms }: PresenceOptions): Presence {
  /** Of each person present, until when each relay says so. */
  const leases = new Map<string, Map<string, number>>();
  /** Since when a change is to be told, by person. */
  const changes = new Map<string, number>();
  const now = () => performance.now();

  async function hold(relay: string, people: readonly Person[]): Promise<void> {
    drop();
    for (const key of people.map(keyOf)) {
      const held = leases.get(key);
      if (held) held.set(relay, now() + lease_ms);
      else {
        leases.set(key, new Map([[relay, now() + lease_ms]]));
        changes.set(key, now());
      }
    }
  }

  async function release(relay: string, people: readonly Person[]): Promise<void> {
    drop();
    for (const key of people.map(keyOf)) {
      const held = leases.get(key);
      held?.delete(relay);
      if (!held || held.size === 0) go(key);
    }
  }

  /** Takes out what has run out. */
  function drop(): void {
    for (const [key, held] of leases) {
      for (const [relay, until] of held) if (until <= now()) held.delete(relay);
      if (held.size === 0) go(key);
    }
  }

  function go(key: string): void {
    leases.delete(key);
    changes.set(key, now() + flicker_ms);
  }

  async function changed(limit: number): Promise<Change[]> {
    drop();
    return [...changes]
      .filter(([, since]) => since <= now())
      .sort(([, one], [, other]) => one - other)
      .slice(0, limit)
      .map(([key]) => ({ ...personOf(key), is_present: leases.has(key) }));
  }

  async function acknowledge(dealt: readonly Change[]): Promise<void> {
    drop();
    for (const change of dealt) {
      const key = keyOf(change);
      if (leases.has(key) === change.is_present) changes.delete(key);
    }
  }

  async function arePresent(people: readonly Person[]): Promise<boolean[]> {
    drop();
    return people.map((person) => leases.has(keyOf(person)));
  }

  return { hold, release, changed, acknowledge, arePresent, close: async () => {} };
}
