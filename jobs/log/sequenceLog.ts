/**
 * The sequencer gives committed events their places in the log, one pass after the other and in one process at a time. Each
 * stream keeps its order, without a gap: an event is held back until its predecessor is in. A pass is one transaction, so
 * that leaves, tiles and size are never apart; a pass that fails has done nothing.
 */
import type pg from 'pg';
import { groupBy } from '../../src/core/groupBy.ts';
import { appendLeaves } from '../../src/core/proof/tiles.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import { type Fault, leavesAmong, NOTHING_LOGGED, type UnloggedEvent } from '../../src/integrity/log/newLeaves.ts';
import { readEdge, writeTiles } from '../../src/integrity/log/tileRows.ts';
import { type LogState, takeCandidates } from './candidates.ts';

export interface Pass {
  /** Of the log, after it. */
  size: number;
  added: number;
  /** Streams with an event that cannot be a leaf. */
  held: (Fault & { stream: string })[];
  /** Streams that were held back and no longer are. */
  freed: string[];
  /** Is there more to do at once? */
  isFull: boolean;
}

/** Events for one pass. */
const MOST_EVENTS = 1_000;
/** A sweep that finds nothing rests for so long. */
const SWEEP_EVERY_SECONDS = 10;

const LOCK = `
  select size, low_water, swept, sweep_due <= clock_timestamp() as is_sweep_due
  from log_state where one for update skip locked`;

const UNLOGGED = {
  name: 'read-unlogged',
  text: `
    select e.*, coalesce(l.sequence, 0) as logged, case when e.sequence = l.sequence + 1 then (
      select encode(substr(t.hashes, (32 * (l.index % 256))::integer + 1, 32), 'hex')
      from log_tiles t where t.level = 0 and t.index = l.index / 256) end as leaf
    from unnest($1::text[]) with ordinality as s (stream, place)
    left join lateral (
      select sequence, index from log_leaves where stream = s.stream order by sequence desc limit 1
    ) l on true
    cross join lateral (
      select e.stream, e.sequence, e.event_id, e.event_type, e.actor_id,
        to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as occurred_at,
        encode(e.payload_commitment, 'hex') as payload_commitment, encode(e.previous_hash, 'hex') as previous_hash,
        encode(e.event_hash, 'hex') as event_hash, (
          select encode(sha256('\\x02'::bytea || p.salt || convert_to(p.payload, 'UTF8')), 'hex')
          from event_payloads p where p.stream = e.stream and p.sequence = e.sequence) as computed_commitment
      from events e where e.stream = s.stream and e.sequence > coalesce(l.sequence, 0)
      order by e.sequence limit ${MOST_EVENTS}
    ) e
    order by s.place, e.sequence
    limit ${MOST_EVENTS}`,
};

type Unlogged = UnloggedEvent & { logged: number; leaf: string | null };

const ADD_LEAVES = `
  insert into log_leaves (index, stream, sequence)
  select * from unnest($1::bigint[], $2::text[], $3::integer[])`;

const HOLD = `
  insert into log_held (stream, sequence, fault)
  select * from json_to_recordset($1) as h (stream text, sequence integer, text text)
  on conflict (stream) do update set sequence = excluded.sequence, fault = excluded.fault
  returning stream, xmax = 0 as is_new`;

const FREE = 'delete from log_held where stream = any($1) returning stream';

const MOVE = `
  update log_state set size = $1, low_water = $2, swept = $3, sweep_due = case
    when $4 then clock_timestamp() when $5 then clock_timestamp() + interval '${SWEEP_EVERY_SECONDS} seconds'
    else sweep_due end
  where one`;

/** @param pool of role `worker`. @returns undefined where another process is at it */
export function sequenceLog(pool: pg.Pool): Promise<Pass | undefined> {
  return inTransaction(pool, async (db) => {
    const { rows } = await db.query<LogState>(LOCK);
    return rows[0] && (await pass(db, rows[0]));
  });
}

async function pass(db: Queryable, state: LogState): Promise<Pass> {
  const { streams, low_water, swept } = await takeCandidates(db, state);
  const { rows } = await db.query<Unlogged>({ ...UNLOGGED, values: [streams] });
  const isFull = rows.length === MOST_EVENTS;
  // The last stream of a full page may have more, and those behind it were not read at all.
  if (isFull) await queueAgain(db, streams.slice(streams.indexOf(rows.at(-1)!.stream)));
  const events: Unlogged[] = [];
  const held: Pass['held'] = [];
  const clean: string[] = [];
  for (const [stream, some] of groupBy(rows, (row) => row.stream)) {
    const { logged, leaf } = some[0]!;
    const { good, fault } = leavesAmong(some, logged === 0 ? NOTHING_LOGGED : { sequence: logged, leaf: leaf ?? '' });
    events.push(...some.slice(0, good));
    if (fault) held.push({ stream, ...fault });
    else clean.push(stream);
  }
  if (events.length > 0) await append(db, state.size, events);
  const size = state.size + events.length;
  const isNew = await hold(db, held);
  const { rows: freed } = await db.query<{ stream: string }>(FREE, [clean]);
  const findsMore = state.is_sweep_due && events.length > 0;
  await db.query(MOVE, [size, low_water, swept, findsMore, state.is_sweep_due]);
  return {
    size,
    added: events.length,
    held: held.filter(({ stream }) => isNew.has(stream)),
    freed: freed.map(({ stream }) => stream),
    isFull: isFull || findsMore,
  };
}

async function queueAgain(db: Queryable, streams: string[]): Promise<void> {
  await db.query('insert into log_queue (stream) select unnest($1::text[])', [streams]);
}

async function append(db: Queryable, size: number, events: Unlogged[]): Promise<void> {
  const edge = await readEdge(db, size);
  const hashes = events.map(({ event_hash }) => event_hash);
  await writeTiles(db, appendLeaves(size, edge, hashes));
  await db.query(ADD_LEAVES, [
    events.map((_, i) => size + i),
    events.map(({ stream }) => stream),
    events.map(({ sequence }) => sequence),
  ]);
}

/** @returns those that were not held back before */
async function hold(db: Queryable, held: Pass['held']): Promise<Set<string>> {
  if (held.length === 0) return new Set();
  const { rows } = await db.query<{ stream: string; is_new: boolean }>(HOLD, [JSON.stringify(held)]);
  return new Set(rows.filter(({ is_new }) => is_new).map(({ stream }) => stream));
}
