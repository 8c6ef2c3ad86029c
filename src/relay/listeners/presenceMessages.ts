/**
 * PRESENCE: every two seconds each room with listeners is told how many listen and how its participants stand, where
 * that is not what was told last. Of participants Postgres is asked only where the room's head has moved.
 */
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Attending, readAttending } from '../../court/participants/readPresence.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Room } from '../rooms/room.ts';
import type { Guest, Guests } from './guests.ts';
import { type Prepared, prepare } from './prepared.ts';
import type { Turnout } from './turnout.ts';

export interface PresenceMessagesOptions {
  db: Queryable;
  turnout: Turnout;
  rooms: { occupied(): Room[] };
  guests: Pick<Guests, 'all'>;
  log: Log;
}

/** What was told of a room last, and how its participants stood where its head was. */
interface Told {
  head: number;
  attending: Attending[];
  /** Made once for all of its listeners. */
  message: Prepared;
}

const EVERY_MS = 2_000;
const ROOMS_AT_ONCE = 200;
const TOLD_AT_ONCE = 100;

/** @returns what ends it */
export function startPresenceMessages(options: PresenceMessagesOptions): () => void {
  const { db, turnout, rooms, guests, log } = options;
  let told = new Map<string, Told>();
  let isStopped = false;
  let timer = tellLater();

  /** Counted from the last telling, however long that took: listeners are promised no less between two. */
  function tellLater(): NodeJS.Timeout {
    return setTimeout(async () => {
      await tellAll();
      if (!isStopped) timer = tellLater();
    }, EVERY_MS).unref();
  }

  async function tellAll(): Promise<void> {
    try {
      const occupied = rooms.occupied();
      const ids = new Set(occupied.map(({ session_id }) => session_id));
      told = new Map([...told].filter(([session_id]) => ids.has(session_id)));
      for (let i = 0; i < occupied.length; i += ROOMS_AT_ONCE) await review(occupied.slice(i, i + ROOMS_AT_ONCE));
      await tellEach();
    } catch (err) {
      log.warn({ err }, 'reading presence failed');
    }
  }

  /** Where thousands are told, events and those that come are let in between. */
  async function tellEach(): Promise<void> {
    let told_now = 0;
    for (const guest of guests.all()) {
      if (!tell(guest)) continue;
      told_now += 1;
      if (told_now % TOLD_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function review(some: Room[]): Promise<void> {
    const heads = some.map((room) => room.head().event_sequence);
    const moved = some.filter(({ session_id }, i) => told.get(session_id)?.head !== heads[i]);
    const [counts, attending] = await Promise.all([
      turnout.count(some.map(({ session_id }) => session_id)),
      moved.length > 0
        ? readAttending(
            db,
            moved.map(({ session_id }) => session_id),
          )
        : new Map<string, Attending[]>(),
    ]);
    for (const [i, { session_id }] of some.entries()) {
      const before = told.get(session_id);
      const participants = attending.get(session_id) ?? before!.attending;
      const now = prepare({ type: 'PRESENCE', listeners: counts[i]!, participants });
      const message = before?.message.text === now.text ? before.message : now;
      told.set(session_id, { head: heads[i]!, attending: participants, message });
    }
  }

  /** @returns whether there was anything to tell */
  function tell(guest: Guest): boolean {
    const message = told.get(guest.admitted.session_id)?.message;
    if (message === undefined || guest.toldPresence === message) return false;
    if (guest.visit.tell(message)) guest.toldPresence = message;
    return true;
  }

  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
