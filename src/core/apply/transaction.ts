/** The SQL of the applier's transaction, in the order in which it runs. Statements are named, so each is planned once. */

import { EMPTY_HEAD } from '../chain/ledger.ts';
import type { Role } from '../definitions/actor.ts';
import type { Head, Work } from '../definitions/stream.ts';
import { assertRowCount } from '../sql/assertRowCount.ts';
import { pipelined } from '../sql/pipelined.ts';
import type { Queryable } from '../sql/queryable.ts';
import type { Decided } from './decideBatch.ts';
import type { PendingCommand } from './inbox.ts';
import type { CommandFault } from './outcome.ts';
import { IS_UNFINISHED, lowWaterOf } from './waitingCommands.ts';

interface LockedRow {
  stream: string;
  sequence: number;
  event_hash: string;
  occurred_at: string | null;
  backing_off: boolean;
}

const LOCKED_COLUMNS = `
  stream, sequence, encode(event_hash, 'hex') as event_hash, occurred_at,
  coalesce(held_until > clock_timestamp(), false) as backing_off`;

// A command's other streams are locked only where its subject was: else of two workers each would lock half of a pair.
// They stand beside their subject, in one text: found again by a join, five hundred of them would cost the square of it.
const LOCK = {
  name: 'lock-streams',
  text: `
    with subjects as materialized (
      select s.stream, s.sequence, s.event_hash, s.occurred_at, s.held_until, asked.others
      from unnest($1::text[], $2::text[]) as asked (subject, others)
      join streams s on s.stream = asked.subject
      for no key update of s skip locked
    ), others as materialized (
      select s.stream, s.sequence, s.event_hash, s.occurred_at, s.held_until
      from (select distinct unnest(string_to_array(others, ' ')) as stream from subjects) as named
      join streams s using (stream)
      for no key update of s skip locked
    )
    select ${LOCKED_COLUMNS} from (
      select stream, sequence, event_hash, occurred_at, held_until from subjects union all select * from others) as locked`,
};

const TRY_UNBORN = {
  name: 'try-unborn',
  text: `
    select stream from unnest($1::text[]) as asked (stream)
    where not exists (select from streams born where born.stream = asked.stream)
      and pg_try_advisory_xact_lock(hashtextextended(asked.stream, 0))`,
};

const LOCK_BORN = {
  name: 'lock-born',
  text: `select ${LOCKED_COLUMNS} from streams where stream = any($1) for no key update skip locked`,
};

const BORN = { name: 'read-born', text: 'select stream from streams where stream = any($1)' };

export interface Locked {
  /** Of the streams that are locked. Another transaction has those that are missing. */
  heads: Map<string, Head>;
  /** Streams whose first pending command waits for its next attempt. */
  backingOff: Set<string>;
  /** Were there streams without a row? What was read of them along with this may be older than their lock. */
  hadUnborn: boolean;
}

/** Locks the streams that are free, and never waits: so no transaction waits for a lock that another keeps. */
export async function lockStreams(db: Queryable, work: Work): Promise<Locked> {
  const subjects = [...work.keys()];
  const others = new Map([...work].map(([subject, streams]) => [subject, streams.filter((one) => one !== subject)]));
  const beside = [...others.values()].map((streams) => streams.join(' '));
  const { rows } = await db.query<LockedRow>({ ...LOCK, values: [subjects, beside] });
  const own = new Map<string, LockedRow | null>(rows.map((row) => [row.stream, row]));
  const missing = (streams: string[]) => [...new Set(streams)].filter((stream) => !own.has(stream));
  // Again the subjects first: a worker that did not get a command's subject must not block the one that did.
  for (const ask of [
    () => subjects,
    () => [...others].flatMap(([subject, streams]) => (own.has(subject) ? streams : [])),
  ]) {
    const names = missing(ask());
    if (names.length > 0) await lockUnborn(db, names, own);
  }
  const heads = new Map<string, Head>();
  for (const [stream, row] of own) {
    const { sequence, event_hash, occurred_at } = row ?? EMPTY_HEAD;
    heads.set(stream, { sequence, event_hash, occurred_at });
  }
  const backingOff = new Set([...own].filter(([, row]) => row?.backing_off).map(([stream]) => stream));
  return { heads, backingOff, hadUnborn: own.size > new Set(rows.map(({ stream }) => stream)).size };
}

/** A stream about to be born has no row to lock: its name is. What is born before we have its name is locked as a row. */
async function lockUnborn(db: Queryable, names: string[], own: Map<string, LockedRow | null>): Promise<void> {
  const [free, locked, born] = await pipelined([
    db.query<{ stream: string }>({ ...TRY_UNBORN, values: [names] }),
    db.query<LockedRow>({ ...LOCK_BORN, values: [names] }),
    db.query<{ stream: string }>({ ...BORN, values: [names] }),
  ] as const);
  const isBorn = new Set(born.rows.map(({ stream }) => stream));
  for (const { stream } of free.rows) if (!isBorn.has(stream)) own.set(stream, null);
  for (const row of locked.rows) own.set(row.stream, row);
}

/** A statement of its own, and so of a snapshot after the locks: what is erased while a state is kept is not written again. */
export async function countErasures(db: Queryable, streams: string[]): Promise<Map<string, number>> {
  const text = 'select stream, count(*)::integer as erased from erasures where stream = any($1) group by stream';
  const { rows } = await db.query<{ stream: string; erased: number }>({
    name: 'count-erasures',
    text,
    values: [streams],
  });
  return new Map(rows.map(({ stream, erased }) => [stream, erased]));
}

export const OVERDUE_AFTER_SECONDS = 5;

export const PENDING = {
  name: 'read-pending',
  text: `
    select c.id, c.name, c.stream, c.streams, c.input, c.actor_id, c.actor_role, c.actor_institution_id,
      c.expected_sequence, c.attempts, c.last_error, c.reply_to, c.request_id, c.traceparent,
      c.accepted_at < clock_timestamp() - interval '${OVERDUE_AFTER_SECONDS} seconds' as overdue,
      date_trunc('milliseconds', clock_timestamp()) as now
    from unnest($1::text[]) as s (stream)
    cross join lateral (
      select * from commands
      where stream = s.stream and ${IS_UNFINISHED} and position >= ${lowWaterOf('s.stream')}
      order by position limit $2
    ) c
    order by c.position`,
};

type PendingRow = Omit<PendingCommand, 'actor'> & {
  actor_id: string;
  actor_role: Role;
  actor_institution_id: string | null;
  now: string;
};

/** The pending commands of these streams in inbox order, at most `limit` of each, and the database's clock. */
export async function readPending(
  db: Queryable,
  streams: string[],
  limit: number,
): Promise<{ pending: PendingCommand[]; now: string }> {
  const { rows } = await db.query<PendingRow>({ ...PENDING, values: [streams, limit] });
  const pending = rows.map(({ actor_id, actor_role, actor_institution_id, now: _, ...command }) => ({
    ...command,
    actor: { id: actor_id, role: actor_role, institution_id: actor_institution_id },
  }));
  return { pending, now: rows[0]?.now ?? '' };
}

const WRITE = {
  name: 'write-batch',
  text: `
    with recorded as materialized (
      select * from json_to_recordset($1) as r (stream text, sequence integer, event_id uuid, event_type text,
        actor_id text, occurred_at timestamptz, payload_commitment text, previous_hash text, event_hash text,
        payload text, payload_salt text)
    ), stored as (
      insert into events (stream, sequence, event_id, event_type, actor_id, occurred_at, payload_commitment,
        previous_hash, event_hash)
      select stream, sequence, event_id, event_type, actor_id, occurred_at, decode(payload_commitment, 'hex'),
        decode(previous_hash, 'hex'), decode(event_hash, 'hex')
      from recorded
    ), kept as (
      insert into event_payloads (stream, sequence, salt, payload)
      select stream, sequence, decode(payload_salt, 'hex'), payload from recorded
    ), moved as (
      insert into streams (stream, sequence, event_hash, occurred_at)
      select stream, sequence, decode(event_hash, 'hex'), occurred_at
      from json_to_recordset($2) as h (stream text, sequence integer, event_hash text, occurred_at timestamptz)
      on conflict (stream) do update
      set sequence = excluded.sequence, event_hash = excluded.event_hash, occurred_at = excluded.occurred_at
      returning stream
    ), queued as (
      insert into log_queue (stream) select stream from moved
    ), settled as (
      update commands c
      set status = o.status, attempts = o.attempts, finished_at = o.finished_at, outcome = o.body,
        input = coalesce(o.input, c.input)
      from json_to_recordset($3) as o (id uuid, status text, attempts smallint, finished_at timestamptz, body text,
        input json)
      where c.id = o.id
      returning c.id
    )
    ${assertRowCount('settled', '$4::integer', 'outcomes')}`,
};

/** Events, payloads, heads, what the sequencer is to look at, and outcomes of a batch in one statement. */
export async function writeBatch(db: Queryable, { rows, moved, outcomes }: Decided): Promise<void> {
  if (rows.length === 0 && outcomes.length === 0) return;
  const heads = [...moved].map(([stream, { head }]) => ({ stream, ...head }));
  const values = [JSON.stringify(rows), JSON.stringify(heads), JSON.stringify(outcomes), outcomes.length];
  await db.query({ ...WRITE, values });
}

/** What went wrong with commands that have no outcome yet, or died of it; the streams of the former wait for a while. */
export function noteFaults(db: Queryable, faults: CommandFault[]): Promise<unknown>[] {
  return faults.flatMap(({ id, stream, attempts, error, retry_in_ms }) => {
    const noted = db.query('update commands set attempts = $2, last_error = $3 where id = $1', [id, attempts, error]);
    if (retry_in_ms === 0) return [noted];
    const waits = db.query(
      `insert into streams (stream, sequence, event_hash, held_until)
       values ($1, 0, decode(repeat('00', 32), 'hex'), clock_timestamp() + $2 * interval '1 millisecond')
       on conflict (stream) do update set held_until = excluded.held_until`,
      [stream, retry_in_ms],
    );
    return [noted, waits];
  });
}

/**
 * Counts an attempt before it is made, so that it is not forgotten if it takes the process down. A stream's first
 * pending commands are counted together while none was tried before; one that was is counted, and later tried, alone.
 * @returns the counted ids; a command that has spent `max` attempts is not among them
 */
export async function countAttempts(db: Queryable, pending: PendingCommand[], max: number): Promise<Set<string>> {
  const counted = new Set<string>();
  const closed = new Set<string>();
  const seen = new Set<string>();
  for (const { id, stream, attempts } of pending) {
    if (closed.has(stream)) continue;
    if (attempts > 0) closed.add(stream);
    if (attempts === 0 || (!seen.has(stream) && attempts < max)) counted.add(id);
    seen.add(stream);
  }
  await db.query('update commands set attempts = attempts + 1 where id = any($1)', [[...counted]]);
  return counted;
}

/** Takes back attempts that were counted and then not made. None falls below zero where a lost commit is repeated. */
export async function uncountAttempts(db: Queryable, ids: string[]): Promise<void> {
  await db.query(
    `update commands set attempts = greatest(attempts - 1, 0) where id = any($1) and status = 'accepted'`,
    [ids],
  );
}
