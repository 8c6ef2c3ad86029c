/**
 * Streams as a whole, told by one statement: whether every event is what its hash says, is numbered, linked and dated behind the one
 * before, and has the payload that it committed to; and where in the log it stands. What is wrong with a stream is not said here.
 */
import type { Queryable } from '../../core/sql/queryable.ts';
import { GENESIS, hex, quotedInstant } from '../streams/streamRows.ts';

export interface SweptStream {
  stream: string;
  events: number;
  /** Every event is numbered behind the one before, and its hash is that of its columns. */
  is_hashed: boolean;
  /** Besides, all that is said above. */
  is_sound: boolean;
  /** Indexes below the size that was asked for, in the order of the events, 8 bytes each; null where there is none. */
  leaves: Buffer | null;
  /** How many, and the sequence of the last event that has one. */
  leaf_count: number;
  last_leaf: number;
  /** The hashes of so many events, from the first on, 32 bytes each. */
  hashes: Buffer | null;
}

/** From behind one stream up to and with another, in the order of their names; null is the end. */
export interface Range {
  after: string | null;
  to: string | null;
}

export interface SweptTables {
  events: string;
  event_payloads: string;
  log_leaves: string;
}

const ENVELOPE = `'{"actor":"' || e.actor_id || '","at":' || ${quotedInstant('e.occurred_at')} || '","commit":"'
  || ${hex('e.payload_commitment')} || '","id":"' || e.event_id::text || '","prev":"' || ${hex('e.previous_hash')} || '","seq":'
  || e.sequence::text || ',"stream":"' || e.stream || '","type":"' || e.event_type || '","v":"plearoll.event/1"}'`;

const within = (row: string) =>
  `($1::text is null or ${row}.stream > $1) and ($2::text is null or ${row}.stream <= $2)`;

/**
 * Null, as columns may be that cannot be, is not sound. Links are compared all at once, those that are named with those that are
 * there: each is of 32 bytes, so that none can begin in another. $3 is the size of the log that is looked at.
 */
export const sweepText = ({ events, event_payloads, log_leaves }: SweptTables) => `
  select stream, events, (is_hashed and is_numbered) is true as is_hashed,
    (is_hashed and is_numbered and is_committed and is_dated and previous = ${GENESIS} || substr(hashes, 1, 32 * events - 32))
      is true as is_sound,
    leaves, leaf_count, coalesce(last_leaf, 0) as last_leaf, substr(hashes, 1, 32 * leaf_count) as hashes
  from (
    select *, sequences = array(select generate_series(1, events)) as is_numbered, instants = in_order as is_dated
    from (
      select e.stream, count(*)::integer as events,
        bool_and((e.event_hash = sha256('\\x00'::bytea || textsend(${ENVELOPE}))) is true) as is_hashed,
        bool_and((e.payload_commitment = sha256('\\x02'::bytea || p.salt || textsend(p.payload))
          and octet_length(e.previous_hash) = 32) is true) as is_committed,
        array_agg(e.sequence order by e.sequence) as sequences,
        string_agg(e.previous_hash, ''::bytea order by e.sequence) as previous,
        string_agg(e.event_hash, ''::bytea order by e.sequence) as hashes,
        array_agg(e.occurred_at order by e.sequence) as instants, array_agg(e.occurred_at order by e.occurred_at) as in_order,
        string_agg(int8send(l.index), ''::bytea order by e.sequence) as leaves, count(l.index)::integer as leaf_count,
        max(e.sequence) filter (where l.index is not null) as last_leaf
      from ${events} e
      left join ${event_payloads} p on p.stream = e.stream and p.sequence = e.sequence and ${within('p')}
      left join ${log_leaves} l on l.stream = e.stream and l.sequence = e.sequence and l.index < $3 and ${within('l')}
      where ${within('e')}
      group by e.stream
    ) gathered
  ) judged`;

const TABLES = { events: 'public.events', event_payloads: 'public.event_payloads', log_leaves: 'public.log_leaves' };
const SWEEP = sweepText(TABLES);

export async function readSwept(db: Queryable, { after, to }: Range, size: number): Promise<SweptStream[]> {
  return (await db.query<SweptStream>(SWEEP, [after, to, size])).rows;
}

const RANGE_EVENTS = 50_000;
const BOUNDARY = `
  select stream from public.events where ($1::text is null or stream > $1) order by stream, sequence
  offset ${RANGE_EVENTS} limit 1`;

/** All streams that have events, some at a time: as the events say, for heads may be gone. */
export async function* readRanges(db: Queryable): AsyncGenerator<Range> {
  let range: Range = { after: null, to: null };
  do {
    const { rows } = await db.query<{ stream: string }>(BOUNDARY, [range.to]);
    range = { after: range.to, to: rows[0]?.stream ?? null };
    yield range;
  } while (range.to !== null);
}
