/** The payloads of a bundle beside its events: each is what its event committed to, or an erasure that an event explains. Pure. */
import { payloadCommitment } from '../core/chain/chain.ts';
import { bytesOfHex } from '../core/chain/hex.ts';
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

/** @returns undefined where the line is not in that form */
export function readPayloadLine(text: string): PayloadLine | undefined {
  try {
    const line = JSON.parse(text) as PayloadLine;
    if (!Number.isSafeInteger(line.sequence) || payloadLineText(line) !== text) return undefined;
    if ('payload' in line) return isCommitted(line) ? line : undefined;
    return line.by === null || isCommitted(line.by) ? line : undefined;
  } catch {
    return undefined;
  }
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

function commitmentOf({ salt, payload }: { salt: string; payload: string }): string {
  return payloadCommitment(bytesOfHex(salt), payload);
}
