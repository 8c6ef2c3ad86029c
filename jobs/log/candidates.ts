/**
 * Which streams may have events that are not in the log yet. The commit that lets a stream grow names it in the queue; a sweep
 * over all streams, a few at a time and for ever, finds what the queue does not name: the events of before the log, and
 * whatever was lost.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';

export interface LogState {
  size: number;
  /** No entry of the queue has this number or a lower one. */
  low_water: number;
  /** The sweep is behind this stream. */
  swept: string;
  is_sweep_due: boolean;
}

export interface Candidates {
  streams: string[];
  low_water: number;
  swept: string;
}

/** Streams for one pass. */
const MOST_STREAMS = 250;
/** Entries of the queue for one pass: a stream may be named many times. */
const MOST_ENTRIES = 1_000;
/** Removed entries that a look at the queue may have to walk through: vacuum removes none while a backup runs. */
const LAG = 2_000;

const TAKE = {
  name: 'take-from-log-queue',
  text: `
    with taken as (
      delete from log_queue where id in (select id from log_queue where id > $1 order by id limit ${MOST_ENTRIES})
      returning stream
    )
    select stream from taken`,
};

/** Its writers hold their lock from before they draw a number until they end. */
const DRAWN = `
  select case when is_called then last_value else 0 end as drawn, not exists (
    select from pg_locks where locktype = 'relation' and relation = 'log_queue'::regclass and mode = 'RowExclusiveLock'
      and pid <> pg_backend_pid() and database = (select oid from pg_database where datname = current_database())
  ) as is_settled
  from log_queue_id_seq`;

const SWEEP = {
  name: 'sweep-streams-for-log',
  text: `select stream from streams where stream > $1 order by stream limit ${MOST_STREAMS}`,
};

const HELD = 'select stream from log_held where stream = any($1)';

/** Within the sequencer's transaction: what is taken from the queue is back in it where that fails. */
export async function takeCandidates(db: Queryable, state: LogState): Promise<Candidates> {
  const { rows: drawn } = await db.query<{ drawn: number; is_settled: boolean }>(DRAWN);
  const { rows: taken } = await db.query<{ stream: string }>({ ...TAKE, values: [state.low_water] });
  const { drawn: last, is_settled } = drawn[0]!;
  const moves = taken.length < MOST_ENTRIES && is_settled && last - state.low_water > LAG;
  const named = await withoutHeld(db, [...new Set(taken.map(({ stream }) => stream))]);
  const low_water = moves ? last : state.low_water;
  if (!state.is_sweep_due) return { streams: named, low_water, swept: state.swept };
  const { rows: swept } = await db.query<{ stream: string }>({ ...SWEEP, values: [state.swept] });
  const streams = new Set([...named, ...swept.map(({ stream }) => stream)]);
  // Behind the last stream it begins anew.
  const reached = swept.length < MOST_STREAMS ? '' : swept.at(-1)!.stream;
  return { streams: [...streams], low_water, swept: reached };
}

/** A stream that is held back is tried again by the sweep alone. */
async function withoutHeld(db: Queryable, streams: string[]): Promise<string[]> {
  if (streams.length === 0) return [];
  const { rows } = await db.query<{ stream: string }>(HELD, [streams]);
  const held = new Set(rows.map(({ stream }) => stream));
  return streams.filter((stream) => !held.has(stream));
}
