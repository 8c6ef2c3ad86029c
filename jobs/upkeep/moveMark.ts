/**
 * Moves the inbox's mark up behind what was settled, so that no look walks through it, and names the streams that are
 * stuck: held back after a fault, or left alone by their workers. A number below the mark that somebody
 * has drawn and not committed yet would be lost to every look: the mark passes only what was drawn before transactions
 * that have all ended, as CREATE INDEX CONCURRENTLY waits for them.
 */

import { DRAWN, LOW_WATER, oldestWaiting } from '../../src/core/apply/waitingCommands.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { OverdueWork } from '../overduePoll.ts';

/** Settled commands that a look may have to walk through before the mark is moved. */
const STEP = 1_000;
/** What waits for so long is not only waiting its turn. */
const LONG_SECONDS = 10;
const AGAIN_AFTER_SECONDS = 1;
/** A mark that names more is as good as none. */
const MOST_STUCK = 200;
const LOOKED_THROUGH = 2_000;
const WRITERS_WITHIN_MS = 1_000;
const WRITERS_EVERY_MS = 20;

// A time to come is no time of a poll: the clock was set back.
const IS_DUE = `looked_at not between clock_timestamp() - interval '${AGAIN_AFTER_SECONDS} seconds' and clock_timestamp()`;
const IS_LONG = `accepted_at < clock_timestamp() - interval '${LONG_SECONDS} seconds'`;
const MARK_LAGS = `
  exists (select from inbox_mark where one and ${IS_DUE} and (${DRAWN} - low_water > ${STEP}
    or stuck <> '{}' or exists (select from (${oldestWaiting('accepted_at', 1)}) o where ${IS_LONG})))`;

/** One worker at a time is enough. */
const CLAIM = `update inbox_mark set looked_at = clock_timestamp() where one and ${IS_DUE}
  returning low_water, stuck, stuck_from::float8[]`;

const WRITERS = `
  select virtualtransaction as id from pg_locks
  where locktype = 'relation' and relation = 'commands'::regclass and mode = 'RowExclusiveLock'
    and database = (select oid from pg_database where datname = current_database())`;

const OLDEST = `
  select * from (
    select distinct on (stream) stream, position, attempts, ${IS_LONG} as is_long,
      count(*) over () < ${LOOKED_THROUGH} as is_all, ${LOW_WATER} as looked_from
    from (${oldestWaiting('stream, position, attempts, accepted_at', LOOKED_THROUGH)}) w
    order by stream, position) f
  order by position`;

/** StreamState back after a fault, or left alone by a worker, which says why in `stream_backoffs`. */
const STANDING_STILL = `
  select stream from streams where stream = any($1) and held_until > clock_timestamp()
  union select stream from stream_backoffs where stream = any($1) and until > clock_timestamp()`;

/** The first waiting command of a stream. */
interface First {
  stream: string;
  position: number;
  attempts: number;
  is_long: boolean;
  /** Was everything that waits looked through? */
  is_all: boolean;
  /** The low water by which these were found. */
  looked_from: number;
}

/** @param db of role `worker` */
export function watchMark(db: Queryable): OverdueWork {
  return { name: 'mark', waits: MARK_LAGS, poll: () => moveMark(db) };
}

export async function moveMark(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ low_water: number; stuck: string[]; stuck_from: number[] }>(CLAIM);
  if (rows.length === 0) return;
  const { low_water, ...marked } = rows[0]!;
  const stuckAt = new Map(marked.stuck.map((stream, i) => [stream, marked.stuck_from[i]!]));
  // From there on something may yet be committed.
  const end = (await drawnAndEnded(db)) ?? low_water;
  const { rows: firsts } = await db.query<First>(OLDEST);
  const stuck = await stuckAmong(db, firsts, stuckAt);
  const named = new Set(stuck.map(({ stream }) => stream));
  const first = firsts.find(({ stream }) => !named.has(stream));
  const { is_all, looked_from } = firsts[0] ?? { is_all: true, looked_from: end };
  // Computed from an older mark it is as true: of what was drawn by then, commands only ever cease to wait. Yet it has to
  // be from one: another worker may have moved the mark since it was claimed, and named other streams.
  await db.query('update inbox_mark set low_water = $1, stuck = $2, stuck_from = $3 where one', [
    Math.min(end, first?.position ?? (is_all ? end : looked_from)),
    stuck.map(({ stream }) => stream),
    stuck.map(({ position }) => Math.min(position, end)),
  ]);
}

/** A position below which every command is committed or never will be; undefined where a writer does not come to an end. */
export async function drawnAndEnded(db: Queryable): Promise<number | undefined> {
  const { rows: drawn } = await db.query<{ next: number }>(`select ${DRAWN} + 1 as next`);
  // A transaction that drew a number below it has held this lock since before, and holds it until the end.
  const ids = async () => (await db.query<{ id: string }>(WRITERS)).rows.map(({ id }) => id);
  let writers = await ids();
  for (const started = performance.now(); writers.length > 0; ) {
    if (performance.now() - started > WRITERS_WITHIN_MS) return undefined;
    await new Promise((resolve) => setTimeout(resolve, WRITERS_EVERY_MS));
    const now = new Set(await ids());
    writers = writers.filter((id) => now.has(id));
  }
  return drawn[0]!.next;
}

/** @param stuckAt the streams that were stuck when it was looked before, and where: until it moves, one still is */
async function stuckAmong(db: Queryable, firsts: First[], stuckAt: Map<string, number>): Promise<First[]> {
  const long = firsts.filter(({ is_long }) => is_long).slice(0, MOST_STUCK);
  if (long.length === 0) return [];
  const { rows } = await db.query<{ stream: string }>(STANDING_STILL, [long.map(({ stream }) => stream)]);
  const still = new Set(rows.map(({ stream }) => stream));
  // One that was tried before may have taken its worker down, and waits for another.
  return long.filter(
    ({ stream, position, attempts }) => attempts > 0 || still.has(stream) || stuckAt.get(stream) === position,
  );
}
