/** What the database holds of some streams, read as it is. */
import type pg from 'pg';
import type { CommandRow, EventRow, Stored } from './judge.ts';

const EVENTS = `
  select stream, sequence, event_id::text, event_type, actor_id,
    to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as occurred_at,
    encode(payload_commitment, 'hex') as payload_commitment, encode(previous_hash, 'hex') as previous_hash,
    encode(event_hash, 'hex') as event_hash, payload, encode(salt, 'hex') as payload_salt
  from events join event_payloads using (stream, sequence) where stream = any($1) order by stream, sequence`;

const COMMANDS = `
  select id::text, position::int, name, stream, status, idempotency_key, request_id, outcome
  from commands where streams && $1 order by position`;

const HEADS = `
  select stream, sequence, encode(event_hash, 'hex') as event_hash from streams where stream = any($1)`;

export async function readStored(pool: pg.Pool, streams: string[]): Promise<Stored> {
  const { rows: events } = await pool.query<EventRow>(EVENTS, [streams]);
  const { rows: commands } = await pool.query<CommandRow>(COMMANDS, [streams]);
  const { rows: heads } = await pool.query<Stored['heads'][number]>(HEADS, [streams]);
  return { commands, events, heads };
}

const TICKS = `
  with fired as (
    select name, slot, term, count(*) over (partition by name, slot) as times,
      max(term) over (order by fired_at rows between unbounded preceding and 1 preceding) as term_before
    from schedule_ticks where term is not null
  )
  select name, slot::text, term, times::int, term_before from fired where times > 1 or term < term_before`;

/** Ticks that fired twice, or were fired by who led no more. None where there is no scheduler. */
export async function findStrayTicks(pool: pg.Pool): Promise<string[]> {
  const { rows: found } = await pool.query<{ there: boolean }>(
    `select to_regclass('schedule_ticks') is not null as there`,
  );
  if (!found[0]!.there) return [];
  const { rows } = await pool.query<{ name: string; slot: string; term: string; times: number; term_before: string }>(
    TICKS,
  );
  return rows.map(
    ({ name, slot, term, times, term_before }) =>
      `the tick ${name} of ${slot} fired ${times} times, in term ${term} after term ${term_before}`,
  );
}
