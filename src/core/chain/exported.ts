/**
 * An exported event is checked by its own fields alone, in a browser as in Node: its form, its commitment and its hash.
 * Fields that no hash covers are left out of what is given back.
 */
import type { ExportedEvent, JsonObject } from '../definitions/event.ts';
import { canonicalPayload, eventHash, payloadCommitment } from './chain.ts';
import { bytesOfHex } from './hex.ts';

/** What is wrong with an event, and with which of its fields. */
export interface ExportFault {
  code: 'unreadable' | 'commitment' | 'hash';
  field: string;
  expected?: string;
  got?: unknown;
}

const HEX = /^[0-9a-f]+$/;
/** A pattern that counts takes twice the time of one that does not. */
const HASH = { test: (text: string) => text.length === 64 && HEX.test(text) };

/** Without these forms the fields of one envelope could be cut in another way and give the same bytes. The hash is compared. */
const FORMS: { [field: string]: { test(text: string): boolean } } = {
  stream: /^[a-z]+:[a-z0-9-]{1,60}$/,
  event_type: /^[A-Z][A-Z0-9_]{0,49}$/,
  event_id: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  actor_id: /^[a-z0-9:_-]{1,64}$/,
  occurred_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  previous_hash: HASH,
  payload_commitment: HASH,
};
const FIELDS = Object.entries(FORMS);

/** @returns the first fault of an event as it was exported; undefined where commitment and hash are what its fields give */
export function faultOfExported(event: JsonObject): ExportFault | undefined {
  return faultOfForm(event) ?? faultOfHashes(event as unknown as ExportedEvent);
}

function faultOfForm(event: JsonObject): ExportFault | undefined {
  for (const [field, form] of FIELDS) {
    const value = event[field];
    if (typeof value !== 'string' || !form.test(value)) return { code: 'unreadable', field, got: value };
  }
  const { event_sequence, payload, payload_salt, erased } = event;
  const isNumber = Number.isSafeInteger(event_sequence) && (event_sequence as number) > 0;
  if (!isNumber) return { code: 'unreadable', field: 'event_sequence', got: event_sequence };
  if (payload === null && payload_salt === null && erased === true) return undefined;
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
  if (!isObject || erased !== undefined) return { code: 'unreadable', field: 'payload' };
  const isSalt = typeof payload_salt === 'string' && HASH.test(payload_salt);
  return isSalt ? undefined : { code: 'unreadable', field: 'payload_salt', got: payload_salt };
}

function faultOfHashes(event: ExportedEvent): ExportFault | undefined {
  const { payload, payload_salt, payload_commitment, event_hash } = event;
  if (payload !== null) {
    let canonical: string;
    try {
      canonical = canonicalPayload(payload);
    } catch {
      return { code: 'unreadable', field: 'payload' };
    }
    const commitment = payloadCommitment(bytesOfHex(payload_salt!), canonical);
    if (commitment !== payload_commitment) {
      return { code: 'commitment', field: 'payload_commitment', expected: commitment, got: payload_commitment };
    }
  }
  const hash = eventHash({
    actor: event.actor_id,
    at: event.occurred_at,
    commitment: payload_commitment,
    id: event.event_id,
    previous_hash: event.previous_hash,
    sequence: event.event_sequence,
    stream: event.stream,
    type: event.event_type,
  });
  return hash === event_hash ? undefined : { code: 'hash', field: 'event_hash', expected: hash, got: event_hash };
}

/** The fields that the hashes cover, and none besides. */
export function coveredFields(event: ExportedEvent): ExportedEvent {
  const { stream, event_sequence, event_type, event_id, actor_id, occurred_at, previous_hash, event_hash } = event;
  const { payload, payload_salt, payload_commitment } = event;
  return {
    stream,
    event_sequence,
    event_type,
    event_id,
    actor_id,
    occurred_at,
    previous_hash,
    event_hash,
    payload,
    payload_salt,
    payload_commitment,
    ...(payload === null && { erased: true as const }),
  };
}
