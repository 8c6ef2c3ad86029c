/** Keys of C2SP signed notes in their text form (vkeys), and the short ids by which signature lines name them. */
import { base64OfBytes, bytesOfBase64 } from '../chain/base64.ts';
import { sha256 } from '../chain/sha256.ts';

/** `cosignature`: a witness's signature over a checkpoint and the time (tlog-cosignature, `cosignature/v1`). */
export type Algorithm = 'ed25519' | 'cosignature';

/** The byte before a key. */
export const TYPES: { [algorithm in Algorithm]: number } = { ed25519: 0x01, cosignature: 0x04 };

export interface NoteKey {
  name: string;
  /** 8 hex digits. */
  key_id: string;
  algorithm: Algorithm;
  /** 32 bytes. */
  public_key: Uint8Array;
}

/** No space of any kind, no control character, no plus. */
const NAME = /^[^\s\p{Cc}+]+$/u;

export function isKeyName(name: string): boolean {
  return NAME.test(name) && name.isWellFormed();
}

export function noteKey(name: string, algorithm: Algorithm, public_key: Uint8Array): NoteKey {
  if (!isKeyName(name)) throw new TypeError(`no name of a key: ${JSON.stringify(name)}`);
  const key_id = sha256(`${name}\n`, new Uint8Array([TYPES[algorithm]]), public_key).slice(0, 8);
  return { name, key_id, algorithm, public_key };
}

/** `<name>+<key id>+<base64 of type and public key>`. */
export function vkeyOf({ name, key_id, algorithm, public_key }: NoteKey): string {
  return `${name}+${key_id}+${base64OfBytes(new Uint8Array([TYPES[algorithm], ...public_key]))}`;
}

/** @returns undefined for anything but the text of an Ed25519 key or of a witness's, its id included */
export function parseVkey(vkey: string): NoteKey | undefined {
  const [, name, key_id, key] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(vkey) ?? [];
  const bytes = key === undefined ? undefined : bytesOfBase64(key);
  if (name === undefined || bytes?.length !== 33 || !isKeyName(name)) return undefined;
  const algorithm = algorithmOf(bytes[0]);
  if (algorithm === undefined) return undefined;
  const parsed = noteKey(name, algorithm, bytes.slice(1));
  return parsed.key_id === key_id ? parsed : undefined;
}

/** @param type the byte before a key */
export function algorithmOf(type: number | undefined): Algorithm | undefined {
  return (Object.keys(TYPES) as Algorithm[]).find((one) => TYPES[one] === type);
}
