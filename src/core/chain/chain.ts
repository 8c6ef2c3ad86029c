/**
 * The bytes that are hashed, and nothing else: worker, verifier, tests and any stranger's program must agree on them.
 * Pure. The format is `plearoll.event/1`; docs/record.md states it with a test vector.
 */
import canonicalize from 'canonicalize';
import { sha256 } from './sha256.ts';

/** What an envelope is derived from. Hashes are lower-case hex, `at` is RFC 3339 UTC with milliseconds. */
export interface Envelope {
  actor: string;
  at: string;
  commitment: string;
  id: string;
  previous_hash: string;
  sequence: number;
  stream: string;
  type: string;
}

/** The previous hash of every stream's first event. */
export const GENESIS_HASH = '0'.repeat(64);

/** The byte 0x00 as text. */
const LEAF = '\u0000';
const PAYLOAD = new Uint8Array([0x02]);
const MAX_DEPTH = 16;

/**
 * RFC 8785 canonical JSON of a payload, exactly as it is stored and hashed.
 * @throws {TypeError} when the payload leaves the profile: integers within 2^53-1, well-formed strings without U+0000,
 * no `__proto__` key, depth at most 16.
 */
export function canonicalPayload(payload: object): string {
  // JSON.stringify differs in the order of keys alone; whatever was read from the record has them in order already.
  return assertProfile(payload, 1) ? JSON.stringify(payload) : (canonicalize(payload) as string);
}

/** @returns whether all keys are in order */
function assertProfile(value: unknown, depth: number): boolean {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new TypeError(`not a safe integer: ${value}`);
  if (typeof value === 'string') assertText(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) throw new TypeError(`deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) return value.map((one) => assertProfile(one, depth + 1)).every(Boolean);
  let isSorted = true;
  let before = '';
  for (const key of Object.keys(value)) {
    assertText(key);
    if (key === '__proto__') throw new TypeError('key __proto__');
    isSorted = assertProfile((value as Record<string, unknown>)[key], depth + 1) && isSorted && before <= key;
    before = key;
  }
  return isSorted;
}

function assertText(text: string): void {
  if (!text.isWellFormed() || text.includes('\u0000')) throw new TypeError('text with a lone surrogate or U+0000');
}

/** SHA-256(0x02 || salt || payload bytes). The 32-byte salt keeps an erased short payload from being guessed. */
export function payloadCommitment(salt: Uint8Array, payload: string): string {
  return sha256(PAYLOAD, salt, payload);
}

/** The envelope's exact text: keys in this order, no spaces. Every value is free of characters JSON would escape. */
export function envelopeText(e: Envelope): string {
  return (
    `{"actor":"${e.actor}","at":"${e.at}","commit":"${e.commitment}","id":"${e.id}","prev":"${e.previous_hash}",` +
    `"seq":${e.sequence},"stream":"${e.stream}","type":"${e.type}","v":"plearoll.event/1"}`
  );
}

/** SHA-256(0x00 || envelope): an event's hash, the next event's `previous_hash`, and an RFC 6962 leaf. */
export function eventHash(envelope: Envelope): string {
  return sha256(LEAF + envelopeText(envelope));
}
