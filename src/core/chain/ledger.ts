/**
 * The ledger gives an event its place: number, time, salt, commitment, link and hash. It computes; `record` in execute.ts stores.
 */

import type { ExportedEvent, JsonObject, NewEvent, RecordedEvent } from '../definitions/event.ts';
import { type Head, idOf, type StreamKind } from '../definitions/stream.ts';
import { canonicalPayload, eventHash, GENESIS_HASH, payloadCommitment } from './chain.ts';
import { drawRandom } from './random.ts';

/** A row of `events` joined with its payload, hashes in hex. Null payload and salt: erased. */
export interface EventRow {
  stream: string;
  sequence: number;
  event_id: string;
  event_type: string;
  actor_id: string;
  occurred_at: string;
  payload_commitment: string;
  previous_hash: string;
  event_hash: string;
  payload: string | null;
  payload_salt: string | null;
  /** What remains of an erased payload, where it was read too. */
  remains?: string | null;
}

export const EMPTY_HEAD: Head = { sequence: 0, event_hash: GENESIS_HASH, occurred_at: null };

/** The columns of `EventRow`, from `events e` left joined with `event_payloads p`. */
export const EVENT_COLUMNS = `
  e.stream, e.sequence, e.event_id, e.event_type, e.actor_id,
  to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as occurred_at,
  encode(e.payload_commitment, 'hex') as payload_commitment, encode(e.previous_hash, 'hex') as previous_hash,
  encode(e.event_hash, 'hex') as event_hash, p.payload, encode(p.salt, 'hex') as payload_salt`;

/** What remains of an erased payload, from `erasures x` left joined. */
export const REMAINS = 'x.remains::text as remains';

/** The next event of the stream whose head this is. @throws when the payload leaves the hashed profile. */
export function chainEvent(
  stream: string,
  head: Head,
  event: NewEvent,
  id: string,
  actor: string,
  at: string,
): EventRow {
  const salt = drawRandom(32);
  const payload = canonicalPayload(event.payload);
  const row = {
    stream,
    sequence: head.sequence + 1,
    event_id: id,
    event_type: event.type,
    actor_id: actor,
    occurred_at: at,
    payload_commitment: payloadCommitment(salt, payload),
    previous_hash: head.event_hash,
    event_hash: '',
    payload,
    payload_salt: salt.toString('hex'),
  };
  row.event_hash = hashOf(row);
  return row;
}

/** The hash that the row's columns ask for. */
export function hashOf(row: EventRow): string {
  return eventHash({
    actor: row.actor_id,
    at: row.occurred_at,
    commitment: row.payload_commitment,
    id: row.event_id,
    previous_hash: row.previous_hash,
    sequence: row.sequence,
    stream: row.stream,
    type: row.event_type,
  });
}

export function headAfter(row: EventRow): Head {
  return { sequence: row.sequence, event_hash: row.event_hash, occurred_at: row.occurred_at };
}

/** An event for `evolve` and `project`: of an erased payload what remains of it. */
export function recordedEvent(row: Omit<EventRow, 'previous_hash' | 'payload_salt'>): RecordedEvent {
  return {
    stream: row.stream,
    sequence: row.sequence,
    id: row.event_id,
    type: row.event_type,
    actor: row.actor_id,
    at: row.occurred_at,
    event_hash: row.event_hash,
    payload_commitment: row.payload_commitment,
    payload: JSON.parse(row.payload ?? row.remains ?? '{}') as JsonObject,
  };
}

/** @param kind of the row's stream */
export function exportedEvent(row: EventRow, { id_name }: Pick<StreamKind, 'id_name'>): ExportedEvent {
  return {
    stream: row.stream,
    ...(id_name !== undefined && { [id_name]: idOf(row.stream) }),
    event_sequence: row.sequence,
    event_type: row.event_type,
    event_id: row.event_id,
    actor_id: row.actor_id,
    occurred_at: row.occurred_at,
    previous_hash: row.previous_hash,
    event_hash: row.event_hash,
    payload: row.payload === null ? null : (JSON.parse(row.payload) as JsonObject),
    payload_salt: row.payload_salt,
    payload_commitment: row.payload_commitment,
    ...(row.payload === null && { erased: true as const }),
  };
}
