/** C2SP signed notes: a text, a blank line, and lines of signatures. Read strictly: a note has one form, and no other is one. */
import { base64OfBytes, bytesOfBase64 } from '../chain/base64.ts';
import { hexOfBytes } from '../chain/hex.ts';
import { isKeyName } from './keys.ts';

export interface NoteSignature {
  name: string;
  /** 8 hex digits. */
  key_id: string;
  /** Of a cosignature: 8 bytes of time, then 64 of signature. */
  signature: Uint8Array;
}

export interface Note {
  /** Ends in a newline. */
  text: string;
  signatures: NoteSignature[];
}

/** `malformed`: no note, or not of the asked kind; `unsigned`: by no known key; `forged`: a known key's line does not verify. */
export type NoteFaultCode = 'malformed' | 'unsigned' | 'forged';

export class NoteFault extends Error {
  readonly code: NoteFaultCode;
  constructor(code: NoteFaultCode, message: string) {
    super(message);
    this.code = code;
  }
}

const MAX_NOTE_LENGTH = 64 * 1024;
const MAX_SIGNATURES = 100;
const SIGNATURE_LINE = /^\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)$/;

/** @throws {NoteFault} malformed. Says nothing of whether the signatures are good: see openNote.ts */
export function parseNote(note: string): Note {
  const malformed = (what: string) => new NoteFault('malformed', `no signed note: ${what}`);
  if (note.length > MAX_NOTE_LENGTH) throw malformed(`longer than ${MAX_NOTE_LENGTH}`);
  if (hasControl(note) || !note.isWellFormed()) throw malformed('control characters, or no Unicode');
  const blank = note.lastIndexOf('\n\n');
  if (blank === -1 || !note.endsWith('\n')) throw malformed('neither text and signatures nor an end of the line');
  const lines = note.slice(blank + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw malformed(`more than ${MAX_SIGNATURES} signatures`);
  const signatures = lines.map(parseSignature);
  if (signatures.includes(undefined)) throw malformed('a line of signature is none');
  return { text: note.slice(0, blank + 1), signatures: signatures as NoteSignature[] };
}

/** ASCII control characters other than the newline. */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 && code !== 0x0a) return true;
  }
  return false;
}

/** @returns undefined where the line, without its newline, is no signature of at least a byte */
export function parseSignature(line: string): NoteSignature | undefined {
  const [, name, base64] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = base64 === undefined ? undefined : bytesOfBase64(base64);
  if (name === undefined || !isKeyName(name) || bytes === undefined || bytes.length < 5) return undefined;
  return { name, key_id: hexOfBytes(bytes.slice(0, 4)), signature: bytes.slice(4) };
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`;
}

/** With its newline. */
export function formatSignature({ name, key_id, signature }: NoteSignature): string {
  const id = [0, 2, 4, 6].map((at) => Number.parseInt(key_id.slice(at, at + 2), 16));
  return `\u2014 ${name} ${base64OfBytes(new Uint8Array([...id, ...signature]))}\n`;
}
