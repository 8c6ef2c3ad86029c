/**
 * The provider `internal`: our own rooms are matches, read again after each commit that concerned them. A commit waits for
 * none of it and no transaction of a court takes part in it: a room that was missed is found by its number of events.
 */
import type pg from 'pg';
import { apart } from '../../src/core/batcher.ts';
import { NIL_ID } from '../../src/core/chain/ids.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { MatchChange } from '../../src/feeds/matches/nextState.ts';
import { findOpenRooms, findStaleRooms, type Place, readRooms } from '../../src/feeds/matches/readRooms.ts';
import { storeMatches } from '../../src/feeds/matches/storeMatches.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';

export interface RoomFeed {
  /** They are read again soon. */
  touch(assignment_ids: Iterable<string>): void;
  /** Reads those again of which something was missed: each time a part of them. */
  heal(): Promise<void>;
  /** Resolves when all that was touched has been read. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface RoomFeedOptions {
  /** Role `worker`: what is recorded of rooms. */
  db: Queryable;
  /** Role `feeds`. */
  feedsPool: pg.Pool;
  publishMatch(change: MatchChange): Promise<void>;
  log: Log;
  /** Begins a round: not before the one before is some time ago. */
  soon?(begin: () => void): void;
}

/** Read after each commit, a room would cost a busy worker more than its commits do. */
const ROUNDS_APART_MS = 200;
const AT_ONCE = 200;
/** What is beyond is found by its number of events. */
const MOST_WAITING = 20_000;
/** Of one look. */
const LOOKED_AT = 500;
/** Around now: what is further away is read when something of it is recorded. */
const [BEFORE_MS, AHEAD_MS] = [24 * 3_600_000, 8 * 24 * 3_600_000];

export function createRoomFeed(options: RoomFeedOptions): RoomFeed {
  const { db, feedsPool, publishMatch, log, soon = apart(ROUNDS_APART_MS) } = options;
  const waiting = new Set<string>();
  let reading: Promise<void> | undefined;
  let healing: Promise<void> | undefined;
  let place: Place | undefined;
  let closing = false;
  const within = <T>(work: (db: Queryable) => Promise<T>) => inTransaction(feedsPool, work);

  function touch(assignment_ids: Iterable<string>): void {
    for (const id of assignment_ids) if (waiting.size < MOST_WAITING) waiting.add(id);
    if (waiting.size > 0 && !closing) reading ??= readAll();
  }

  async function readAll(): Promise<void> {
    while (waiting.size > 0 && !closing) {
      // What was committed since the last round is read together; after a rest, at once.
      await new Promise<void>(soon);
      const round = [...waiting];
      waiting.clear();
      await readInParts(round);
    }
    reading = undefined;
  }

  async function readInParts(rooms: readonly string[]): Promise<void> {
    for (let first = 0; first < rooms.length && !closing; first += AT_ONCE) {
      const ids = rooms.slice(first, first + AT_ONCE);
      await read(ids).catch((err) =>
        log.warn({ err, rooms: ids.length }, 'reading rooms failed; they are found again'),
      );
    }
  }

  async function read(ids: readonly string[]): Promise<void> {
    const changes = await storeMatches(feedsPool, within, await readRooms(db, ids));
    await Promise.all(changes.map(publishMatch));
  }

  /** Not behind what is touched, of which a busy worker has no end. */
  function heal(): Promise<void> {
    healing ??= healSome().finally(() => {
      healing = undefined;
    });
    return healing;
  }

  async function healSome(): Promise<void> {
    const now = Date.now();
    const days = { from: isoOf(now - BEFORE_MS), to: isoOf(now + AHEAD_MS) };
    const { ids, next } = await findStaleRooms(
      db,
      days,
      place ?? { after_time: days.from, after_id: NIL_ID },
      LOOKED_AT,
    );
    // Those that are not over are read whenever they were set for.
    const open = place === undefined ? await findOpenRooms(db, LOOKED_AT) : [];
    place = next;
    await readInParts([...ids, ...open]);
  }

  async function idle(): Promise<void> {
    while (reading) await reading;
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.all([idle(), healing?.catch(() => {})]);
  }

  return { touch, heal, idle, close };
}

const isoOf = (ms: number) => new Date(ms).toISOString();
