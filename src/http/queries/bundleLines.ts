/** The lines of a bundle's files, page by page in a read of its own each, from the first event to a head that was seen before. */
import { envelopeText } from '../../core/chain/chain.ts';
import { EVENT_COLUMNS, type EventRow } from '../../core/chain/ledger.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { sessionStreamName } from '../../court/sessions/session.ts';
import { type ErasingEvent, payloadLineText } from '../../verifier/payloads.ts';
import type { ApiContext } from '../door/door.ts';
import type { Erasing } from './bundleProof.ts';

/** The record of a session up to an event. */
export interface BundledRecord {
  context: ApiContext;
  actor: Actor;
  session_id: string;
  /** The sequence of the last event in it. */
  last: number;
  /** Filled as payloads are written: which events erased some of them. */
  erasing: Erasing[];
  /** All events that erased something of the session or its assignment, read when the first is asked for. */
  erasures?: EventRow[];
}

/** Payloads are at most 64 KiB: a page of them is a few megabytes at the very most. */
const PAGE = 200;

export async function* envelopeLines(record: BundledRecord): AsyncGenerator<Uint8Array> {
  for await (const rows of pagesOf(record)) yield textOf(rows.map(envelopeOf));
}

export async function* payloadLines(record: BundledRecord): AsyncGenerator<Uint8Array> {
  for await (const rows of pagesOf(record)) {
    const erased = rows.filter(({ payload }) => payload === null);
    const erasing = erased.length > 0 ? await findErasing(record, erased) : new Map<number, ErasingEvent>();
    yield textOf(rows.map((row) => payloadLineOf(row, erasing)));
  }
}

/** @throws where an event is not there: a bundle that says nothing of it would pass for whole */
async function* pagesOf({ context, actor, session_id, last }: BundledRecord): AsyncGenerator<EventRow[]> {
  const stream = sessionStreamName(session_id);
  for (let after = 0; after < last; ) {
    const rows = await context.reading.inScope(actor, session_id, (db) => readPage(db, stream, after, last));
    if (rows.length === 0) throw new Error(`no event of ${stream} between ${after} and ${last}`);
    after = rows.at(-1)!.sequence;
    yield rows;
  }
}

async function readPage(db: Queryable, stream: string, after: number, last: number): Promise<EventRow[]> {
  const text = `
    select ${EVENT_COLUMNS}
    from events e left join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
    where e.stream = $1 and e.sequence > $2 and e.sequence <= $3 order by e.sequence limit ${PAGE}`;
  return (await db.query<EventRow>({ name: 'read-bundle-page', text, values: [stream, after, last] })).rows;
}

/**
 * The events that erased these payloads: they stand in the assignment's stream, which no reader of a session sees. What they say
 * is what is erased, by whom, and why.
 */
async function findErasing(record: BundledRecord, erased: EventRow[]): Promise<Map<number, ErasingEvent>> {
  const { context, actor, session_id, erasing } = record;
  const text = `
    select ${EVENT_COLUMNS}
    from courtroom_sessions s
    join events e on e.stream = 'assignment:' || s.assignment_id and e.event_type = 'PAYLOAD_ERASED'
    join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
    where s.id = $1 order by e.sequence`;
  record.erasures ??= (await context.reading.asVerifier(actor, (db) => db.query<EventRow>(text, [session_id]))).rows;
  const sought = new Map(erased.map(({ stream, sequence }) => [`${stream} ${sequence}`, sequence]));
  const found = new Map<number, ErasingEvent>();
  for (const row of record.erasures) {
    const { stream, event_sequence } = JSON.parse(row.payload!);
    const sequence = sought.get(`${stream} ${event_sequence}`);
    if (sequence === undefined) continue;
    erasing.push({ sequence, by: { stream: row.stream, sequence: row.sequence } });
    found.set(sequence, { envelope: envelopeOf(row), salt: row.payload_salt!, payload: row.payload! });
  }
  return found;
}

/** Hashes of the files that exhibits of the session name, each once. The file of an erased one, whose title is gone, is gone too. */
export async function filesOf({ context, actor, session_id }: BundledRecord): Promise<string[]> {
  const text = `select distinct sha256 from exhibits where session_id = $1 and title <> '' order by sha256`;
  const read = (db: Queryable) => db.query<{ sha256: string | null }>(text, [session_id]);
  const { rows } = await context.reading.inScope(actor, session_id, read);
  return rows.flatMap(({ sha256 }) => sha256 ?? []);
}

function payloadLineOf({ sequence, payload, payload_salt }: EventRow, erasing: Map<number, ErasingEvent>): string {
  if (payload !== null) return payloadLineText({ sequence, salt: payload_salt!, payload });
  return payloadLineText({ sequence, erased: true, by: erasing.get(sequence) ?? null });
}

function envelopeOf(row: EventRow): string {
  const { sequence, stream, previous_hash } = row;
  return envelopeText({
    ...{ actor: row.actor_id, at: row.occurred_at, commitment: row.payload_commitment, id: row.event_id },
    ...{ previous_hash, sequence, stream, type: row.event_type },
  });
}

function textOf(lines: string[]): Uint8Array {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}
