/** An envelope's line that has its one form and goes on just where the chain stands, by its bytes. */
import { bytesOfHex, hexOfBytes } from '../core/chain/hex.ts';
import { sha256Into } from '../core/chain/sha256.ts';
import type { ChainEnd } from './envelopes.ts';
import { after, afterDigits, afterHash, afterNumber, afterSome, bytesOfText, setOf } from './soundBytes.ts';

const ACTOR = bytesOfText('{"actor":"');
const AT = bytesOfText('","at":"');
const COMMIT = bytesOfText('","commit":"');
const ID = bytesOfText('","id":"');
const DASH = bytesOfText('-');
const PREV = bytesOfText('","prev":"');
const SEQ = bytesOfText('","seq":');
const END = bytesOfText('","v":"plearoll.event/1"}\n');
/** Of these more is to be said than that they are sound. */
const SPECIAL = ['SESSION_COMPLETED', 'EXHIBIT_UPLOADED'].map((type) => bytesOfText(`${type}"`));

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const ACTORS = setOf(`${LOWER}0123456789:_-`);
const MOST_ACTOR = 64;
const LETTERS = setOf(UPPER);
const TYPES = setOf(`${UPPER}0123456789_`);
const MOST_TYPE = 50;
const AT_LENGTH = 24;
const LEAF = 0x00;

export interface SoundEnvelopes {
  goOnFrom(chainEnd: ChainEnd): void;
  chainEnd(): ChainEnd;
  /** @returns where the line ends; -1 where it is not the one that may follow with this commitment */
  read(bytes: Uint8Array, at: number, commitment: Uint8Array): number;
  /** Hashes the line that was read; the byte before it is overwritten. It is where the chain stands now. */
  hash(bytes: Uint8Array, at: number, end: number): void;
  sequence(): number;
  /** Of the last event, 32 bytes. */
  readonly event_hash: Uint8Array;
}

export function startSoundEnvelopes(): SoundEnvelopes {
  const event_hash = new Uint8Array(32);
  const time = new Uint8Array(AT_LENGTH);
  const latest = new Uint8Array(AT_LENGTH);
  let sequence = 0;
  let stream = '';
  let afterSequence = bytesOfText('');

  function goOnFrom(chainEnd: ChainEnd): void {
    event_hash.set(bytesOfHex(chainEnd.event_hash));
    latest.set(bytesOfText(chainEnd.at));
    sequence = chainEnd.sequence;
    if (stream === chainEnd.stream) return;
    stream = chainEnd.stream;
    afterSequence = bytesOfText(`,"stream":"${stream}","type":"`);
  }

  function chainEnd(): ChainEnd {
    const at = String.fromCharCode(...latest);
    return { stream, sequence, event_hash: hexOfBytes(event_hash), at };
  }

  function read(bytes: Uint8Array, from: number, commitment: Uint8Array): number {
    let at = afterSome(bytes, after(bytes, from, ACTOR), ACTORS, MOST_ACTOR);
    at = afterTime(bytes, after(bytes, at, AT));
    at = afterHash(bytes, after(bytes, at, COMMIT), commitment);
    at = afterUuid(bytes, after(bytes, at, ID));
    at = afterHash(bytes, after(bytes, at, PREV), event_hash);
    at = afterNumber(bytes, after(bytes, at, SEQ), sequence + 1);
    at = after(bytes, afterType(bytes, after(bytes, at, afterSequence)), END);
    return at < 0 ? -1 : at - 1;
  }

  /** No earlier than the latest: where both have the same form, the first digit that differs tells. */
  function afterTime(bytes: Uint8Array, at: number): number {
    if (at < 0) return -1;
    let order = 0;
    for (let i = 0; i < AT_LENGTH; i += 1) {
      const byte = bytes[at + i]!;
      const before = latest[i]!;
      time[i] = byte;
      if (byte === before) continue;
      if (!isDigit(byte) || !isDigit(before)) return -1;
      if (order === 0) order = byte - before;
    }
    return order < 0 ? -1 : at + AT_LENGTH;
  }

  function hash(bytes: Uint8Array, at: number, end: number): void {
    bytes[at - 1] = LEAF;
    sha256Into(bytes.subarray(at - 1, end), event_hash, 0);
    latest.set(time);
    sequence += 1;
  }

  return { goOnFrom, chainEnd, read, hash, sequence: () => sequence, event_hash };
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function afterUuid(bytes: Uint8Array, from: number): number {
  let at = after(bytes, afterDigits(bytes, from, 8), DASH);
  for (let i = 0; i < 3; i += 1) at = after(bytes, afterDigits(bytes, at, 4), DASH);
  return afterDigits(bytes, at, 12);
}

function afterType(bytes: Uint8Array, at: number): number {
  if (at < 0 || LETTERS[bytes[at]!] !== 1) return -1;
  for (const special of SPECIAL) if (after(bytes, at, special) >= 0) return -1;
  return afterSome(bytes, at, TYPES, MOST_TYPE);
}
