/**
 * Everything that is to be known of some streams, in one statement and so in one snapshot: appends meanwhile are no
 * false alarm, whatever connection or pool the caller has. Hashes are recomputed from the columns by expressions that
 * stand here, because a function in the database could have been replaced.
 */

import { isUuid } from '../../core/chain/ids.ts';
import { EVENT_COLUMNS, type EventRow, REMAINS } from '../../core/chain/ledger.ts';
import type { Catalog } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { type Head, idOf } from '../../core/definitions/stream.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type ProjectedTable, projected } from '../../tables.ts';

/** An event with at least one fault in its row. Hashes in hex; null where a column that cannot be null is null. */
export interface FaultyEvent {
  sequence: number;
  expected_sequence: number;
  event_hash: string | null;
  computed_hash: string;
  payload_commitment: string | null;
  computed_commitment: string | null;
  previous_hash: string | null;
  expected_previous: string | null;
  /** Its payload is gone and no erasure names it. */
  is_lost: boolean;
  /** Its payload is there, though it was erased. */
  is_restored: boolean;
  has_payload: boolean;
  is_backwards: boolean;
}

export interface StreamRows {
  stream: string;
  /** The row of `streams`. */
  head: Head | null;
  /** What the last event says the head should be. */
  last: Head | null;
  events_checked: number;
  /** How many faults the rows have; those of the first `MAX_STREAM_ISSUES` are described. */
  fault_count: number;
  faulty_sequences: number[];
  lost_sequences: number[];
  faulty: FaultyEvent[];
  /** Payloads without an event. */
  stray_payloads: number[];
  /** Erasures whose payload is still there: of which stream and sequence. */
  unerased: { sequence: number; stream: string; event_sequence: number }[];
  /** The events whose type has a definition or is reserved for us, in order; some are made as they are asked for. */
  recorded: Iterable<RowToFold>;
  /** The rows of each projected table of the stream's kind. */
  rows: { [table: string]: JsonObject[] | null };
}

export type RowToFold = Omit<EventRow, 'previous_hash' | 'payload_salt'>;

export const MAX_STREAM_ISSUES = 100;
const MAX_SEQUENCES = 10_000;

export const GENESIS = `decode(repeat('00', 32), 'hex')`;
export const instant = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
/**
 * The same behind a quotation mark, in a third of the time: the offset has no name that were to be looked up, and a microsecond more makes
 * all of one length, cut behind its milliseconds. What is beyond those years is another instant, and none that has its event's hash.
 */
export const quotedInstant = (column: string) =>
  `left(to_json((least(${column}, '9999-12-31') at time zone interval '0') + interval '1 microsecond')::text, 24) || 'Z'`;
export const hex = (column: string) => `encode(${column}, 'hex')`;

const ENVELOPE = `format(
  '{"actor":"%s","at":"%s","commit":"%s","id":"%s","prev":"%s","seq":%s,"stream":"%s","type":"%s","v":"plearoll.event/1"}',
  e.actor_id, ${instant('e.occurred_at')}, ${hex('e.payload_commitment')}, e.event_id, ${hex('e.previous_hash')},
  e.sequence, e.stream, e.event_type)`;

/**
 * The row of an erasure says where its event stands; what counts is what that event says. A canonical payload has one
 * form, so that its beginning and its end can be looked for as text, whatever was made of it.
 */
const ERASED = `exists (
      select from public.erasures x
      join public.events y on y.stream = 'assignment:' || x.assignment_id and y.sequence = x.recorded_sequence
      join public.event_payloads q on q.stream = y.stream and q.sequence = y.sequence
      where x.stream = c.stream and x.sequence = c.sequence and y.event_type = 'PAYLOAD_ERASED'
        and starts_with(q.payload, '{"event_sequence":' || c.sequence || ',"payload_commitment":"'
          || ${hex('c.payload_commitment')} || '",')
        and starts_with(reverse(q.payload), reverse('"stream":"' || c.stream || '"}')))`;

/** The same of a payload that an event of its own stream erased, of a type that does. */
const LAPSED = `exists (
      select from public.lapsed_payloads x
      join public.events y on y.stream = x.stream and y.sequence = x.recorded_sequence
      join public.event_payloads q on q.stream = y.stream and q.sequence = y.sequence
      where x.stream = c.stream and x.sequence = c.sequence and y.event_type = any($5)
        and position('{"event_sequence":' || c.sequence || ',"payload_commitment":"'
          || ${hex('c.payload_commitment')} || '"}' in q.payload) > 0)`;

export const head = (
  row: string,
) => `json_build_object('sequence', ${row}.sequence, 'event_hash', ${hex(`${row}.event_hash`)},
  'occurred_at', ${instant(`${row}.occurred_at`)})`;

export const rowsOf = ({ name, stream, owner }: ProjectedTable) => `
  '${name}', (select json_agg(t) from public.${name} t where t.${owner} = n.id and n.stream like '${stream}:%')`;

const SWEEP = `
  with named as (
    select * from unnest($1::text[], $2::uuid[]) as n (stream, id)
  ), chained as (
    select e.stream, e.sequence, e.event_hash, e.previous_hash, e.payload_commitment,
      sha256('\\x00'::bytea || convert_to(${ENVELOPE}, 'UTF8')) as computed_hash,
      sha256('\\x02'::bytea || p.salt || convert_to(p.payload, 'UTF8')) as computed_commitment,
      p.stream is not null as has_payload,
      lag(e.sequence, 1, 0) over chain + 1::bigint as expected_sequence,
      lag(e.event_hash, 1, ${GENESIS}) over chain as expected_previous,
      coalesce(lag(e.occurred_at) over chain > e.occurred_at, false) as is_backwards
    from public.events e
    left join public.event_payloads p on p.stream = e.stream and p.sequence = e.sequence and p.stream = any($1)
    where e.stream = any($1)
    window chain as (partition by e.stream order by e.sequence)
  ), judged as (
    select *, not c.has_payload and (${ERASED} or ${LAPSED}) is not true as is_lost,
      c.has_payload and (exists (
        select from public.erasures x where x.stream = c.stream and x.sequence = c.sequence)
      or exists (
        select from public.lapsed_payloads x where x.stream = c.stream and x.sequence = c.sequence)) as is_restored
    from chained c
  ), counted as (
    select *, (sequence is distinct from expected_sequence)::integer
      + (previous_hash is distinct from expected_previous)::integer
      + (event_hash is distinct from computed_hash)::integer
      + (is_lost or (has_payload and
        (payload_commitment is distinct from computed_commitment or computed_commitment is null)))::integer
      + is_backwards::integer + is_restored::integer as faults
    from judged
  ), numbered as (
    select *, sum(faults) over (partition by stream order by sequence rows unbounded preceding) as faults_so_far
    from counted
  ), swept as (
    select stream, count(*)::integer as events_checked, sum(faults)::integer as fault_count,
      json_agg(sequence) filter (where faults > 0 and faults_so_far <= ${MAX_SEQUENCES}) as faulty_sequences,
      json_agg(sequence) filter (where is_lost and faults_so_far <= ${MAX_SEQUENCES}) as lost_sequences,
      json_agg(json_build_object(
        'sequence', sequence, 'expected_sequence', expected_sequence, 'is_lost', is_lost, 'is_restored', is_restored,
        'has_payload', has_payload,
        'event_hash', ${hex('event_hash')}, 'computed_hash', ${hex('computed_hash')},
        'payload_commitment', ${hex('payload_commitment')}, 'computed_commitment', ${hex('computed_commitment')},
        'previous_hash', ${hex('previous_hash')}, 'expected_previous', ${hex('expected_previous')},
        'is_backwards', is_backwards
      )) filter (where faults > 0 and faults_so_far - faults < ${MAX_STREAM_ISSUES}) as faulty
    from numbered group by stream
  )
  select n.stream,
    (select ${head('h')} from public.streams h where h.stream = n.stream limit 1) as head,
    (select ${head('e')} from public.events e where e.stream = n.stream order by e.sequence desc limit 1) as last,
    coalesce(s.events_checked, 0) as events_checked, coalesce(s.fault_count, 0) as fault_count,
    coalesce(s.faulty_sequences, '[]') as faulty_sequences, coalesce(s.lost_sequences, '[]') as lost_sequences,
    coalesce(s.faulty, '[]') as faulty,
    coalesce((
      select json_agg(p.sequence order by p.sequence) from public.event_payloads p where p.stream = n.stream
        and not exists (select from public.events e where e.stream = p.stream and e.sequence = p.sequence)
    ), '[]') as stray_payloads,
    coalesce((
      select json_agg(json_build_object('sequence', e.sequence, 'stream', k.stream, 'event_sequence', k.sequence))
      from public.events e join public.event_payloads p using (stream, sequence)
      join public.event_payloads k on k.stream = substring(p.payload from '"stream":"([a-z0-9:-]+)"}$')
        and k.sequence = substring(p.payload from '"event_sequence":([0-9]{1,9})[,}]')::integer
      where e.stream = n.stream and e.stream like 'assignment:%' and e.event_type = 'PAYLOAD_ERASED'
    ), (
      select json_agg(json_build_object('sequence', e.sequence, 'stream', k.stream, 'event_sequence', k.sequence))
      from public.events e join public.event_payloads p using (stream, sequence)
      cross join lateral regexp_matches(p.payload, '{"event_sequence":([0-9]{1,9}),"payload_commitment"', 'g') as named
      join public.event_payloads k on k.stream = e.stream and k.sequence = named[1]::integer
      where e.stream = n.stream and e.event_type = any($5)
    ), '[]') as unerased,
    coalesce((
      select json_agg(r) from (
        select ${EVENT_COLUMNS}, ${REMAINS} from public.events e
        left join public.event_payloads p on p.stream = e.stream and p.sequence = e.sequence
        left join public.erasures x on p.stream is null and x.stream = e.stream and x.sequence = e.sequence
        where e.stream = n.stream and (e.event_type = any($3) or e.event_type ~ $4) order by e.sequence
      ) r
    ), '[]') as recorded,
    json_build_object(${projected.map(rowsOf).join()}) as rows
  from named n left join swept s on s.stream = n.stream
  order by n.stream`;

/**
 * All that is to be known, whatever is wrong. The payloads of events that are neither defined nor reserved stay in the database:
 * nothing is folded of them.
 */
export async function readStreamRows(db: Queryable, streams: string[], catalog: Catalog): Promise<StreamRows[]> {
  const ids = streams.map((stream) => (isUuid(idOf(stream)) ? idOf(stream) : null));
  const types = [...catalog.events.keys()];
  const lapsing = [...catalog.events.values()].filter(({ lapses }) => lapses).map(({ type }) => type);
  const values = [streams, ids, types, catalog.reserved.event_types.source, lapsing];
  const { rows } = await db.query<StreamRows>(SWEEP, values);
  return rows;
}
