/**
 * What `streamRows.ts` reads of streams, in a third of the time, where nothing is wrong with their events. A row that is not just what
 * it should be, an erasure or a payload too many say of a stream only that it is to be looked at closely.
 */
import { isUuid } from '../../core/chain/ids.ts';
import type { Catalog } from '../../core/definitions/command.ts';
import { type Head, idOf } from '../../core/definitions/stream.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { projected } from '../../tables.ts';
import { GENESIS, head, hex, quotedInstant, type RowToFold, rowsOf, type StreamRows } from './streamRows.ts';

const ENVELOPE = `'{"actor":"' || r.actor_id || '","at":' || r.instant || '","commit":"' || r.commitment
        || '","id":"' || r.event_id || '","prev":"' || ${hex('r.previous_hash')} || '","seq":' || r.sequence
        || ',"stream":"' || r.stream || '","type":"' || r.event_type || '","v":"plearoll.event/1"}'`;

/**
 * Of each event that is folded one text: what is of fixed length and its number, then its type, its actor and its payload, each on a line of
 * its own. As JSON that would take Postgres and the reader several times as long. None of them has an end of line within; where one has,
 * there are more lines than there should be.
 */
const LINES_EACH = 4;
const PACKED = `${hex('r.event_hash')} || r.commitment || r.event_id || r.instant || r.sequence || E'\\n' || r.event_type
        || E'\\n' || r.actor_id || E'\\n' || r.payload`;
const RECORDED = `string_agg(${PACKED}, E'\\n' order by r.sequence) filter (where r.is_folded) as recorded,
      count(*) filter (where r.is_folded)::integer as folded`;

const ROWS = `
      select e.*, p.salt, p.payload, ${quotedInstant('e.occurred_at')} as instant, ${hex('e.payload_commitment')} as commitment,
        e.event_type = any($3) or e.event_type ~ $4 as is_folded
      from public.events e
      left join public.event_payloads p on p.stream = e.stream and p.sequence = e.sequence and p.stream = any($1)
      where e.stream = any($1)
      order by e.stream, e.sequence
      offset 0`;

/** Null, as columns may be that cannot be, is not sound. */
const CHECKED = `
  chained as (
    select r.*,
      r.event_hash = sha256('\\x00'::bytea || textsend(${ENVELOPE}))
        and r.payload_commitment = sha256('\\x02'::bytea || r.salt || textsend(r.payload))
        and r.sequence = lag(r.sequence, 1, 0) over chain + 1::bigint
        and r.previous_hash = lag(r.event_hash, 1, ${GENESIS}) over chain
        and r.occurred_at >= lag(r.occurred_at, 1, '-infinity') over chain as is_sound
    from (${ROWS}) r
    window chain as (partition by r.stream order by r.sequence)
  ), swept as (
    select r.stream, count(*)::integer as events_checked, bool_and(r.is_sound is true) as is_sound, ${RECORDED}
    from chained r group by r.stream
  )`;

/** What was sound when all was swept, and has not grown since: from some time before, for an event is decided before it is there. */
const SWEPT = `
  swept as (
    select r.stream, count(*)::integer as events_checked,
      max(r.occurred_at) < $5::timestamptz - interval '10 minutes' as is_sound, ${RECORDED}
    from (${ROWS}) r group by r.stream
  )`;

const read = (swept: string) => `
  with named as (
    select * from unnest($1::text[], $2::uuid[]) as n (stream, id)
  ), ${swept}
  select n.stream, s.events_checked, s.recorded, s.folded,
    (select ${head('h')} from public.streams h where h.stream = n.stream limit 1) as head,
    (select ${head('e')} from public.events e where e.stream = n.stream order by e.sequence desc limit 1) as last,
    json_build_object(${projected.map(rowsOf).join()})::text as rows
  from named n join swept s on s.stream = n.stream and s.is_sound
  cross join lateral (select count(*) as count from public.event_payloads p where p.stream = n.stream) payloads
  where s.events_checked = payloads.count
    and not exists (select from public.erasures x where x.stream = n.stream)
    and not exists (select from public.events e where e.stream = n.stream and e.event_type = 'PAYLOAD_ERASED')`;

const SOUND = read(CHECKED);
const KNOWN = read(SWEPT);

interface SoundRows {
  stream: string;
  events_checked: number;
  /** Null where nothing is folded. */
  recorded: string | null;
  folded: number;
  head: Head | null;
  last: Head;
  /** As JSON. */
  rows: string;
}

/** @returns those of the streams whose events, links and payloads are sound */
export function readSoundRows(db: Queryable, streams: string[], catalog: Catalog): Promise<StreamRows[]> {
  return readSound(db, SOUND, streams, catalog);
}

/** The same of streams that were sound at that time. @returns those that have not grown since */
export function readKnownRows(db: Queryable, streams: string[], catalog: Catalog, at: string): Promise<StreamRows[]> {
  return readSound(db, KNOWN, streams, catalog, at);
}

async function readSound(db: Queryable, text: string, streams: string[], catalog: Catalog, ...more: string[]) {
  if (streams.length === 0) return [];
  const ids = streams.map((stream) => (isUuid(idOf(stream)) ? idOf(stream) : null));
  const types = [...catalog.events.keys()];
  const values = [streams, ids, types, catalog.reserved.event_types.source, ...more];
  // Of one stream alone, for which a request waits, the statement is not planned anew each time.
  const { rows } =
    streams.length === 1 && text === SOUND
      ? await db.query<SoundRows>({ name: 'read-sound-stream', text, values })
      : await db.query<SoundRows>(text, values);
  return rows.flatMap(({ recorded, folded, rows: json, ...found }) => {
    if (recorded !== null && linesIn(recorded) !== LINES_EACH * folded) return [];
    return {
      ...found,
      ...{ fault_count: 0, faulty_sequences: [], lost_sequences: [], faulty: [], stray_payloads: [], unerased: [] },
      recorded: { [Symbol.iterator]: () => rowsToFold(found.stream, recorded) },
      // While a page waits for the one before it, it is a few texts, and not all that is made of them.
      get rows() {
        return JSON.parse(json);
      },
    };
  });
}

function linesIn(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

function* rowsToFold(stream: string, recorded: string | null): Generator<RowToFold> {
  const lines = recorded === null ? [] : recorded.split('\n');
  for (let at = 0; at < lines.length; at += LINES_EACH) {
    const fixed = lines[at]!;
    yield {
      stream,
      sequence: Number(fixed.slice(189)),
      event_id: fixed.slice(128, 164),
      event_type: lines[at + 1]!,
      actor_id: lines[at + 2]!,
      occurred_at: fixed.slice(165, 189),
      event_hash: fixed.slice(0, 64),
      payload_commitment: fixed.slice(64, 128),
      payload: lines[at + 3]!,
    };
  }
}
