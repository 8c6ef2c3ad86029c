/**
 * What years leave behind, made set by set in SQL: old events with sound chains and their places in the log, a command for
 * every second of them, the matches and sessions that they belong to; and besides thousands of sessions that are under way.
 * Enough for everything that a command asks for; the tables of turns, objections and exhibits stay empty.
 */
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../migrations/migrate.ts';
import type { Queryable } from '../src/core/sql/queryable.ts';
import { types } from '../src/infra/postgres/database.ts';
import { type Docket, type Grounds, once } from './grounds.ts';
import { startSession } from './playedSession.ts';
import { growLog, storePlayed } from './recordCorpus.ts';

export const GROWN = 'bench_grown_template';
/** Of the sessions that are over. */
const EVENTS_EACH = 500;
const OLD_AT = '2025-03-01T10:00:00.000Z';
/** Sessions under way that are stored at once. */
const AT_ONCE = 500;

/** Time-ordered, as ours are, and before all of ours. */
const uuidOf = (n: string) => `('01800000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const STREAM = `('session:' || ${uuidOf('n')})`;

const BEGIN = `
  create temp table old_streams as
  select n, ${STREAM} collate "C" as stream, decode(repeat('00', 32), 'hex') as event_hash from generate_series(1, $1::integer) as n`;

/** One more event of every stream, as the others stand beside it in the log. */
const GROW = `
  with entered as materialized (
    select n, stream, event_hash as previous, $1::integer as sequence, ${uuidOf('(n::bigint << 16) + $1')} as event_id,
      '${OLD_AT}'::timestamptz + $1 * interval '3 seconds' as at, decode(md5(n || ' ' || $1) || md5($1 || ' ' || n), 'hex') as salt,
      '{"page":' || $1 || ',"speaker":"petitioner","text":"May it please the court: the berth was closed without notice."}' as payload
    from old_streams
  ), committed as materialized (
    select *, sha256('\\x02'::bytea || salt || convert_to(payload, 'UTF8')) as commitment from entered
  ), chained as materialized (
    select *, sha256('\\x00'::bytea || convert_to(event_envelope(stream, sequence, event_id, 'BENCH_OLD', 'system', at,
      commitment, previous), 'UTF8')) as hash from committed
  ), recorded as (
    insert into events (stream, sequence, event_id, event_type, actor_id, occurred_at, payload_commitment, previous_hash, event_hash)
    select stream, sequence, event_id, 'BENCH_OLD', 'system', at, commitment, previous, hash from chained
  ), kept as (
    insert into event_payloads (stream, sequence, salt, payload) select stream, sequence, salt, payload from chained
  ), placed as (
    insert into log_leaves (index, stream, sequence) select $2::bigint + n - 1, stream, sequence from chained
  ), moved as (
    update old_streams o set event_hash = hash from chained c where c.n = o.n
  )
  select encode(hash, 'hex') as hash from chained order by n`;

const END = [
  `insert into streams (stream, sequence, event_hash, occurred_at)
   select stream, ${EVENTS_EACH}, event_hash, '${OLD_AT}'::timestamptz + interval '25 minutes' from old_streams`,
  `insert into assignments (id, institution_id, title, courtroom, scheduled_at, visibility, format, created_at)
   select ${uuidOf('n')}, ${uuidOf('n / 250')}, 'Match ' || n, 'Courtroom ' || n % 20, '${OLD_AT}', 'institution', '"moot-20"', '${OLD_AT}'
   from old_streams`,
  `insert into rosters (assignment_id, user_id, role, name, presiding, place)
   select ${uuidOf('n')}, md5(n / 4 || role)::uuid, role, 'Somebody', role = 'judge', 0
   from old_streams, unnest(array['petitioner', 'respondent', 'judge', 'moderator']) as role`,
  `insert into courtroom_sessions (id, assignment_id, institution_id, title, courtroom, visibility, status, metadata, created_at,
     started_at, ended_at, integrity_hash)
   select ${uuidOf('n')}, ${uuidOf('n')}, ${uuidOf('n / 250')}, 'Match ' || n, 'Courtroom ' || n % 20, 'institution', 'completed', '{}',
     '${OLD_AT}', '${OLD_AT}', '${OLD_AT}', encode(event_hash, 'hex')
   from old_streams`,
  `insert into commands (id, name, stream, streams, input, actor_id, actor_role, institution_id, reply_to, request_id,
     idempotency_scope, idempotency_key, fingerprint, accepted_at, status, attempts, finished_at, outcome)
   select event_id, 'session.log', stream, array[stream], p.payload::json, 'system', 'admin', ${uuidOf('1')}, 'api', 'request',
     stream, 'key ' || sequence, sha256(salt), occurred_at, 'applied', 1, occurred_at,
     json_build_object('stream', stream, 'sequence_from', sequence, 'sequence_to', sequence, 'events', json_build_array(
       json_build_object('event_sequence', sequence, 'event_type', event_type, 'event_hash', encode(event_hash, 'hex'))))::text
   from events join event_payloads p using (stream, sequence)
   where event_type = 'BENCH_OLD' and sequence % 2 = 0 order by sequence, stream`,
  'update inbox_mark set low_water = (select max(position) from commands)',
];

const SIZES = `
  select c.relname as name, n.n_live_tup::integer as rows, pg_table_size(c.oid)::bigint as table_bytes,
    pg_indexes_size(c.oid)::bigint as index_bytes
  from pg_class c join pg_stat_user_tables n on n.relid = c.oid
  where c.relname = any($1) order by pg_total_relation_size(c.oid) desc`;
const SIZED = ['events', 'event_payloads', 'log_leaves', 'log_tiles', 'streams', 'commands'];

export interface TableSize {
  name: string;
  rows: number;
  table_bytes: number;
  index_bytes: number;
}

export interface GrownRecord {
  sizes: TableSize[];
  /** Nothing of it is as young. */
  since: string;
  /** As many as were asked for. */
  dockets: Docket[];
}

interface GrownPlan {
  events: number;
  sessions: number;
  /** Where it is written down what is done: a run that was cut off is gone on with. */
  home: string;
  signal: AbortSignal;
}

/** Makes the database that others are copied from. */
export async function makeGrown(grounds: Grounds, { events, sessions, home, signal }: GrownPlan): Promise<GrownRecord> {
  await once(join(home, 'old.json'), async () => {
    await withDatabase(await grounds.openDatabase(GROWN), async (db) => {
      // A crash of the benchmark's own Postgres loses nothing.
      await db.query('set synchronous_commit = off');
      await db.query('set session_replication_role = replica');
      await makeOld(db, Math.ceil(events / EVENTS_EACH), signal);
    });
    return { events };
  });
  // What was kept may be of an earlier version.
  await migrate(grounds.urlOf(GROWN));
  return withDatabase(grounds.urlOf(GROWN), async (db) => {
    const dockets = await makeUnderWay(db, sessions, grounds.dockets, signal);
    await db.query('vacuum analyze');
    const { rows: sizes } = await db.query<TableSize>(SIZES, [SIZED]);
    return { sizes, since: '2026-01-01T00:00:00Z', dockets };
  });
}

async function withDatabase<T>(url: string, work: (db: Queryable) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, types, pipeline: true });
  await client.connect();
  try {
    return await work(client as never);
  } finally {
    await client.end();
  }
}

async function makeOld(db: Queryable, streams: number, signal: AbortSignal): Promise<void> {
  if (streams === 0) return;
  await db.query(BEGIN, [streams]);
  let { size } = (await db.query<{ size: number }>('select size from log_state')).rows[0]!;
  for (let sequence = 1; sequence <= EVENTS_EACH; sequence += 1) {
    signal.throwIfAborted();
    const { rows } = await db.query<{ hash: string }>(GROW, [sequence, size]);
    await growLog(
      db,
      size,
      rows.map(({ hash }) => hash),
    );
    size += streams;
    if (sequence % 100 === 0) console.error(`${(sequence * streams).toLocaleString('en')} old events`);
  }
  for (const text of END) await db.query(text);
}

async function makeUnderWay(db: Queryable, count: number, known: Docket[], signal: AbortSignal): Promise<Docket[]> {
  const dockets: Docket[] = [];
  const begins_ms = Date.now() - 60_000;
  while (dockets.length < count) {
    signal.throwIfAborted();
    const owners = Array.from(
      { length: Math.min(AT_ONCE, count - dockets.length) },
      (_, n) => known[n % known.length]!,
    );
    const open = owners.map(({ admin }) => startSession(begins_ms, admin.institution_id));
    await db.query('begin');
    await storePlayed(
      db,
      open.map(({ played }) => played),
    );
    await db.query('commit');
    dockets.push(...open.map(({ session_id }, n) => ({ ...owners[n]!, session_id })));
  }
  return dockets;
}
