/** Whose signatures under a note are good. Keys come from outside, never from beside the note. */
import { verifiesEd25519 } from './ed25519.ts';
import type { NoteKey } from './keys.ts';
import { NoteFault, type NoteSignature, parseNote } from './note.ts';

export interface OpenedNote {
  text: string;
  /** At least one. */
  signed_by: SignedBy[];
}

export interface SignedBy {
  name: string;
  key_id: string;
  /** A cosignature's time, in seconds since 1970. */
  time?: number;
}

/**
 * Lines of unknown keys are passed over, as the format demands.
 * @throws {NoteFault} malformed, unsigned (by none of the keys), forged (a line of one of the keys does not verify)
 */
export async function openNote(note: string, keys: NoteKey[]): Promise<OpenedNote> {
  const { text, signatures } = parseNote(note);
  const signed_by: SignedBy[] = [];
  for (const line of signatures) {
    const key = keys.find(({ name, key_id }) => name === line.name && key_id === line.key_id);
    if (key === undefined) continue;
    const signedBy = await verifySignature(text, line, key);
    if (signedBy === undefined) throw new NoteFault('forged', `the signature of ${line.name} does not verify`);
    signed_by.push(signedBy);
  }
  if (signed_by.length === 0) throw new NoteFault('unsigned', 'no signature of a known key');
  return { text, signed_by };
}

/** @returns undefined where the line is not the key's signature over the text */
export async function verifySignature(
  text: string,
  { signature }: NoteSignature,
  { name, key_id, algorithm, public_key }: NoteKey,
): Promise<SignedBy | undefined> {
  if (algorithm === 'ed25519') {
    const isGood = signature.length === 64 && (await verifiesEd25519(public_key, utf8(text), signature));
    return isGood ? { name, key_id } : undefined;
  }
  if (signature.length !== 72) return undefined;
  const time = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0));
  if (!Number.isSafeInteger(time)) return undefined;
  const isGood = await verifiesEd25519(public_key, utf8(cosignedText(text, time)), signature.slice(8));
  return isGood ? { name, key_id, time } : undefined;
}

/** What a witness signs: the time, then the checkpoint. */
export function cosignedText(text: string, time: number): string {
  return `cosignature/v1\ntime ${time}\n${text}`;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
