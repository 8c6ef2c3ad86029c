/**
 * What a log asks of a witness (C2SP tlog-witness, `POST /add-checkpoint`), and what a witness makes of it: growth that is
 * proved is cosigned, and nothing else.
 */
import { base64OfBytes, bytesOfBase64 } from '../chain/base64.ts';
import { bytesOfHex, hexOfBytes } from '../chain/hex.ts';
import { type Checkpoint, isGrowth, parseCheckpoint } from './checkpoint.ts';
import type { NoteKey } from './keys.ts';
import { formatSignature, NoteFault, parseNote, parseSignature } from './note.ts';
import { openNote, verifySignature } from './openNote.ts';

export interface WitnessRequest {
  /** What the log believes to be the size that the witness cosigned last. */
  old: number;
  /** The consistency proof from there, lower-case hex. */
  hashes: string[];
  note: string;
}

/** Of a request, in bytes. */
export const MOST_REQUEST_BYTES = 16 * 1024;
const MOST_HASHES = 63;
const OLD = /^old (0|[1-9]\d{0,15})$/;
const HASH = /^[A-Za-z0-9+/]{43}=$/;

export function requestText({ old, hashes, note }: WitnessRequest): string {
  const lines = hashes.map((hash) => `${base64OfBytes(bytesOfHex(hash))}\n`);
  return `old ${old}\n${lines.join('')}\n${note}`;
}

/** @throws {NoteFault} malformed */
export function parseRequest(body: string): WitnessRequest {
  const blank = body.indexOf('\n\n');
  if (blank < 0) throw new NoteFault('malformed', 'there is no empty line before the checkpoint');
  const [first, ...proof] = body.slice(0, blank).split('\n');
  const old = Number(OLD.exec(first!)?.[1]);
  if (!Number.isSafeInteger(old)) throw new NoteFault('malformed', 'the first line is not that of an old size');
  if (proof.length > MOST_HASHES) throw new NoteFault('malformed', `a proof has no more than ${MOST_HASHES} hashes`);
  return { old, hashes: proof.map(hashOfLine), note: body.slice(blank + 2) };
}

/** @throws {NoteFault} malformed */
function hashOfLine(line: string): string {
  const bytes = HASH.test(line) ? bytesOfBase64(line) : undefined;
  if (bytes === undefined) throw new NoteFault('malformed', 'a line of the proof is no hash');
  return hexOfBytes(bytes);
}

export interface Asked extends WitnessRequest {
  checkpoint: Checkpoint;
  /** Of the note, without its signatures. */
  text: string;
}

/** As `POST /add-checkpoint` answers. */
export interface Refusal {
  status: 400 | 403 | 404 | 409 | 422;
  reason: string;
  /** What was cosigned last, where the log believes otherwise. */
  size?: number;
}

/**
 * Whether a key of the log signed what is asked for: whatever is asked beyond that costs a stranger the log's key.
 * @param keys of one log, whose origin is their name
 */
export async function openRequest(body: string, keys: NoteKey[]): Promise<Asked | Refusal> {
  try {
    const request = parseRequest(body);
    const checkpoint = parseCheckpoint(parseNote(request.note).text);
    if (!keys.some(({ name }) => name === checkpoint.origin)) return { status: 404, reason: 'the origin is unknown' };
    const { text } = await openNote(request.note, keys);
    return { ...request, checkpoint, text };
  } catch (fault) {
    if (!(fault instanceof NoteFault)) throw fault;
    return { status: fault.code === 'malformed' ? 400 : 403, reason: fault.message };
  }
}

/** Two notes of one size that differ: no log that only grows has signed both. */
export function isFork(one: Checkpoint, other: Checkpoint): boolean {
  return one.origin === other.origin && one.size === other.size && one.root !== other.root;
}

/**
 * @param last what was cosigned last; the empty tree before the first
 * @returns undefined where it is to be cosigned
 */
export function refusalOf({ old, hashes, checkpoint }: Asked, last: Checkpoint): Refusal | undefined {
  const { size } = checkpoint;
  if (old > size) return { status: 400, reason: `the old size ${old} is beyond ${size}` };
  if (old !== last.size)
    return { status: 409, reason: `the size that was cosigned last is ${last.size}`, size: last.size };
  if (isFork(checkpoint, last)) return { status: 409, reason: `another root was cosigned at ${size}` };
  if (!isGrowth(last, checkpoint, hashes)) return { status: 422, reason: `no proof that ${size} grew from ${old}` };
  return undefined;
}

export interface Cosignature {
  /** As it stands under the note, with its newline. */
  line: string;
  /** In seconds since 1970. */
  time: number;
}

/**
 * @param lines that a witness answered; those of other keys are passed over
 * @param text of the checkpoint
 */
export async function cosignatureIn(lines: string, text: string, key: NoteKey): Promise<Cosignature | undefined> {
  for (const line of lines.split('\n')) {
    const signature = parseSignature(line);
    if (signature?.name !== key.name || signature.key_id !== key.key_id) continue;
    const time = (await verifySignature(text, signature, key))?.time;
    if (time !== undefined) return { line: formatSignature(signature), time };
  }
  return undefined;
}
