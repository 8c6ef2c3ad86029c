/** A payload's line that has its one form, and the commitment that salt and payload give, from bytes to bytes. */
import { sha256Into } from '../core/chain/sha256.ts';
import { NEWLINE } from './lines.ts';
import { after, afterNumber, bytesOfText, readHash } from './soundBytes.ts';

const SEQUENCE = bytesOfText('{"sequence":');
const SALT = bytesOfText(',"salt":"');
const PAYLOAD = bytesOfText('","payload":"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7d;
const SPACE = 0x20;
/** What stands after a backslash: what both mean. No entry for what may have another form, or is longer than a character. */
const ESCAPED = new Uint8Array(256);
for (const text of ['"', '\\', '\b', '\f', '\n', '\r', '\t']) {
  ESCAPED[JSON.stringify(text).charCodeAt(2)] = text.charCodeAt(0);
}
const SALT_AT = 1;
const PAYLOAD_AT = 33;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** 0x02 || salt || payload: what is hashed is put together here for one payload after the other. */
let hashed = new Uint8Array();
let hashedEnd = 0;
/** What is hashed, by its length: a view costs as much as a tenth of its hash. */
let views: Uint8Array[] = [];
const MOST_VIEW = 4_096;

function viewTo(end: number): Uint8Array {
  if (end >= MOST_VIEW) return hashed.subarray(0, end);
  views[end] ??= hashed.subarray(0, end);
  return views[end];
}

/** The payload that was read last. */
export function soundPayloadText(): string {
  return strict.decode(hashed.subarray(PAYLOAD_AT, hashedEnd));
}

/**
 * @param commitment takes that of the payload, 32 bytes
 * @returns where the line of this event ends; -1 where it has not just the form that it has as a rule
 */
export function readSoundPayload(bytes: Uint8Array, at: number, sequence: number, commitment: Uint8Array): number {
  if (hashed.length < PAYLOAD_AT + bytes.length) {
    hashed = new Uint8Array(PAYLOAD_AT + bytes.length).fill(0x02, 0, 1);
    views = [];
  }
  const salt = after(bytes, afterNumber(bytes, after(bytes, at, SEQUENCE), sequence), SALT);
  const payload = after(bytes, readHash(bytes, salt, hashed, SALT_AT), PAYLOAD);
  return payload < 0 ? -1 : readText(bytes, payload, hashed, commitment);
}

/** Takes the escapes out on the way. */
function readText(bytes: Uint8Array, from: number, out: Uint8Array, commitment: Uint8Array): number {
  let at = from;
  let to = PAYLOAD_AT;
  let all = 0;
  for (;;) {
    let byte = bytes[at]!;
    if (byte === QUOTE) break;
    if (byte === BACKSLASH) {
      at += 1;
      byte = ESCAPED[bytes[at]!]!;
      if (byte === 0) return -1;
    } else if (byte < SPACE) return -1;
    all |= byte;
    out[to] = byte;
    at += 1;
    to += 1;
  }
  if (bytes[at + 1] !== BRACE || bytes[at + 2] !== NEWLINE) return -1;
  if (all > 0x7f && !isUtf8(out.subarray(PAYLOAD_AT, to))) return -1;
  sha256Into(viewTo(to), commitment, 0);
  hashedEnd = to;
  return at + 2;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
