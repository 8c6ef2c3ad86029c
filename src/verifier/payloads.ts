/** The payloads of a bundle beside its events: each is what its event committed to, or an erasure that an event explains. Pure. */
import { writeHex } from '../core/chain/hex.ts';
import { sha256 } from '../core/chain/sha256.ts';
import { type EventLine, readEnvelope } from './envelopes.ts';
import { count, type Finding, type Tally } from './report.ts';

/** The event that erased a payload, with what shows that it did. */
export interface ErasingEvent {
  envelope: string;
  salt: string;
  payload: string;
}

export type PayloadLine =
  | { sequence: number; salt: string; payload: string }
  | { sequence: number; erased: true; by: ErasingEvent | null };

const HASH = /^[0-9a-f]{64}$/;

/** The one form that a payload's line has. */
export function payloadLineText(line: PayloadLine): string {
  if ('payload' in line) {
    const { sequence, salt, payload } = line;
    return JSON.stringify({ sequence, salt, payload });
  }
  const { sequence, by } = line;
  const erasing = by && { envelope: by.envelope, salt: by.salt, payload: by.payload };
  return JSON.stringify({ sequence, erased: true, by: erasing });
}

const SEQUENCE = '{"sequence":';
const SALT = ',"salt":"';
const PAYLOAD = '","payload":';
const HASH_LENGTH = 64;

/** @returns undefined where the line is not in that form */
export function readPayloadLine(text: string): PayloadLine | undefined {
  try {
    return readCommitted(text) ?? readErased(text);
  } catch {
    return undefined;
  }
}

/** Cut where its one form has it: writing all of the line again, to compare, costs as much as hashing it. */
function readCommitted(text: string): PayloadLine | undefined {
  const comma = text.indexOf(',', SEQUENCE.length);
  const at = comma + SALT.length;
  const payloadAt = at + HASH_LENGTH + PAYLOAD.length;
  if (!text.startsWith(SEQUENCE) || !text.startsWith(SALT, comma) || !text.endsWith('"}')) return undefined;
  if (!text.startsWith(PAYLOAD, at + HASH_LENGTH)) return undefined;
  const digits = text.slice(SEQUENCE.length, comma);
  const sequence = Number(digits);
  const salt = text.slice(at, at + HASH_LENGTH);
  const quoted = text.slice(payloadAt, -1);
  const payload = JSON.parse(quoted) as unknown;
  if (!Number.isSafeInteger(sequence) || String(sequence) !== digits || !HASH.test(salt)) return undefined;
  if (typeof payload !== 'string' || JSON.stringify(payload) !== quoted) return undefined;
  return { sequence, salt, payload };
}

function readErased(text: string): PayloadLine | undefined {
  const line = JSON.parse(text) as PayloadLine;
  if ('payload' in line || !Number.isSafeInteger(line.sequence) || payloadLineText(line) !== text) return undefined;
  return line.by === null || isCommitted(line.by) ? line : undefined;
}

function isCommitted({ salt, payload }: { salt: unknown; payload: unknown }): boolean {
  return typeof salt === 'string' && HASH.test(salt) && typeof payload === 'string';
}

/** @returns the payload that the event committed to; undefined where it was erased, or is wrong */
export function judgePayload(event: EventLine, line: PayloadLine, tally: Tally): string | undefined {
  const { stream, sequence, commitment } = event;
  const place: Partial<Finding> = { stream, event_sequence: sequence };
  if (!('payload' in line)) {
    count(tally, 'erasures');
    const fault = faultOfErasure(event, line.by);
    if (fault !== undefined) tally.find('erasure', { ...place, expected: 'an event that erases it', got: fault });
    return undefined;
  }
  count(tally, 'payloads');
  const got = commitmentOf(line);
  if (got === commitment) return line.payload;
  tally.find('payload', { ...place, expected: commitment, got });
  return undefined;
}

function faultOfErasure(erased: EventLine, by: ErasingEvent | null): string | undefined {
  if (by === null) return 'none';
  const erasing = typeof by.envelope === 'string' ? readEnvelope(by.envelope) : undefined;
  if (!erasing) return 'no envelope';
  if (erasing.type !== 'PAYLOAD_ERASED') return `an event of type ${erasing.type}`;
  if (commitmentOf(by) !== erasing.commitment) return 'a payload to which its event did not commit';
  return namesErased(by.payload, erased) ? undefined : `an erasure of another payload: ${by.payload}`;
}

function namesErased(payload: string, erased: EventLine): boolean {
  try {
    const { stream, event_sequence, payload_commitment } = JSON.parse(payload);
    return stream === erased.stream && event_sequence === erased.sequence && payload_commitment === erased.commitment;
  } catch {
    return false;
  }
}

const encoder = new TextEncoder();
/** 0x02 || salt || payload, for one commitment after the other: what is hashed is not put together anew for each. */
let hashed = new Uint8Array(4_096).fill(0x02, 0, 1);
const PAYLOAD_AT = 33;
const MOST_BYTES_A_UNIT = 3;

/** The same as `payloadCommitment`. */
function commitmentOf({ salt, payload }: { salt: string; payload: string }): string {
  const most = PAYLOAD_AT + MOST_BYTES_A_UNIT * payload.length;
  if (hashed.length < most) hashed = new Uint8Array(2 * most).fill(0x02, 0, 1);
  writeHex(salt, hashed, 1);
  const { written } = encoder.encodeInto(payload, hashed.subarray(PAYLOAD_AT));
  return sha256(hashed.subarray(0, PAYLOAD_AT + written));
}
