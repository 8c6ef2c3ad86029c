/** What the relay reads from the record. Rooms get these as arguments; they are all that a room knows of Postgres. */
import type pg from 'pg';
import { EVENT_COLUMNS, type EventRow, exportedEvent } from '../../core/chain/ledger.ts';
import type { ExportedEvent } from '../../core/definitions/event.ts';
import { idOf, streamName } from '../../core/definitions/stream.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { readAllExhibits } from '../../court/exhibits/readExhibits.ts';
import { readAllObjections } from '../../court/objections/readObjections.ts';
import { readAllParticipants } from '../../court/participants/readParticipants.ts';
import { findSession } from '../../court/sessions/readSession.ts';
import { sessionStreamName } from '../../court/sessions/session.ts';
import { inTransaction } from '../../infra/postgres/database.ts';
import type { HeadSigner } from '../../infra/signer/heads.ts';
import type { Position, Snapshot } from '../listeners/messages.ts';
import { LIVE, type RoomKind } from './roomKind.ts';
import { shareSignatures } from './signedHeads.ts';

/** What a room reads of its stream; rooms are named by their session. */
export interface StreamReaders {
  /** Events after a sequence, in order, at most `limit` and no more of them than about a page; none when none is left. */
  readEvents(session_id: string, after: number, limit: number): Promise<ExportedEvent[]>;
  /** The latest events, in order, at most `limit` and about `bytes` of payload; the last one always. */
  readLatest(session_id: string, limit: number, bytes: number): Promise<Latest>;
  /** The head of each session that has events. */
  readHeads(session_ids: string[]): Promise<Map<string, RecordedHead>>;
}

export interface Readers extends StreamReaders {
  /** The session's state together with the head it was folded up to. @param known but for how many listen, which is counted anew */
  readSnapshot(session_id: string, known?: Snapshot): Promise<Snapshot>;
}

/** Where the record stands. */
export interface RecordedHead extends Position {
  /** How many payloads of the session were erased. */
  erased: number;
}

export interface Latest {
  events: ExportedEvent[];
  /** How many payloads of the session were erased when the events were read. */
  erased: number;
}

/** Of payloads: a listener that catches up slowly holds a page meanwhile. */
const PAGE_BYTES = 262_144;

/**
 * @param order in which they are taken, for as long as those before them are within the bytes. Payloads are bounded by
 * the position too: else a merge join walks over all that lie before it.
 */
const eventsWithin = (order: 'asc' | 'desc') => `
  select * from (
    select ${EVENT_COLUMNS}, sum(octet_length(p.payload)) over before as bytes_before
    from events e
    left join event_payloads p on p.stream = e.stream and p.sequence = e.sequence and p.sequence > $2
    where e.stream = $1 and e.sequence > $2
    window before as (order by e.sequence ${order} rows between unbounded preceding and 1 preceding)
    order by e.sequence ${order} limit $3) page
  where coalesce(bytes_before, 0) < $4 order by sequence`;
const PAGE_TEXT = eventsWithin('asc');
/** In one statement, so that no payload is erased between the two. */
const LATEST_TEXT = `
  select latest.*, (select count(*)::integer from erasures where stream = $1) as erased
  from (${eventsWithin('desc')}) latest order by sequence`;
const HEADS_TEXT = `
  select stream, sequence as event_sequence, encode(event_hash, 'hex') as event_hash,
    (select count(*)::integer from erasures x where x.stream = s.stream) as erased
  from streams s where stream = any($1)`;

export function createStreamReaders(db: Queryable, { stream, describe }: RoomKind): StreamReaders {
  const nameOf = (session_id: string) => streamName(stream.kind, session_id);

  async function described(rows: EventRow[]): Promise<ExportedEvent[]> {
    const events = rows.map((row) => exportedEvent(row, stream));
    await describe?.(events);
    return events;
  }

  async function readHeads(session_ids: string[]): Promise<Map<string, RecordedHead>> {
    const values = [session_ids.map(nameOf)];
    const { rows } = await db.query<RecordedHead & { stream: string }>({
      name: 'read-heads',
      text: HEADS_TEXT,
      values,
    });
    return new Map(rows.map(({ stream, ...head }) => [idOf(stream), head]));
  }

  async function readEvents(session_id: string, after: number, limit: number): Promise<ExportedEvent[]> {
    const values = [nameOf(session_id), after, limit, PAGE_BYTES];
    const { rows } = await db.query<EventRow>({ name: 'relay-page', text: PAGE_TEXT, values });
    return described(rows);
  }

  async function readLatest(session_id: string, limit: number, bytes: number): Promise<Latest> {
    const values = [nameOf(session_id), 0, limit, bytes];
    const { rows } = await db.query<EventRow & { erased: number }>({ name: 'relay-latest', text: LATEST_TEXT, values });
    return { events: await described(rows), erased: rows[0]?.erased ?? 0 };
  }

  return { readEvents, readLatest, readHeads };
}

/**
 * Of sessions' records.
 * @param countListeners of a session, at all relays
 * @param heads signs where a snapshot stands
 */
export function createReaders(
  pool: pg.Pool,
  countListeners: (session_id: string) => Promise<number>,
  heads?: HeadSigner,
): Readers {
  const signHead = heads && shareSignatures(heads.sign);

  async function readSnapshot(session_id: string, known?: Snapshot): Promise<Snapshot> {
    const [state, listeners] = await Promise.all([known ?? readState(session_id), countListeners(session_id)]);
    const participants = state.participants.map(({ user_id, status }) => ({ user_id, status }));
    const { event_sequence: sequence, event_hash } = state.head;
    const signed = await signHead?.({ stream: sessionStreamName(session_id), sequence, event_hash });
    return { ...state, presence: { listeners, participants } as never, signed_head: signed ?? null };
  }

  async function readState(session_id: string): Promise<Snapshot> {
    return inTransaction(
      pool,
      async (transaction) => {
        const session = await findSession(transaction, session_id);
        if (!session) throw new Error(`session ${session_id} is gone`);
        const participants = await readAllParticipants(transaction, session_id);
        const objections = await readAllObjections(transaction, session_id);
        const exhibits = await readAllExhibits(transaction, session_id);
        const { turn, clock } = session;
        return { session, participants, turn, clock, objections, exhibits, head: session.head as never };
      },
      { begin: 'begin isolation level repeatable read read only' },
    );
  }

  return { ...createStreamReaders(pool, LIVE), readSnapshot };
}
