/** Keys that sign notes. On servers alone: everything else of this folder runs in browsers too. */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { base64OfBytes, bytesOfBase64 } from '../chain/base64.ts';
import { type Algorithm, algorithmOf, isKeyName, type NoteKey, noteKey, TYPES } from './keys.ts';
import type { NoteSignature } from './note.ts';
import { cosignedText } from './openNote.ts';

export interface SigningKey extends NoteKey {
  private_key: KeyObject;
}

/** The form of PKCS 8 around the 32 bytes that an Ed25519 key is drawn as (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param seed 32 bytes, the key itself (RFC 8032). Kept secret */
export function signingKey(name: string, algorithm: Algorithm, seed: Uint8Array): SigningKey {
  if (seed.length !== 32) throw new RangeError('an Ed25519 key has 32 bytes');
  const private_key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(private_key).export({ format: 'jwk' });
  return { ...noteKey(name, algorithm, new Uint8Array(Buffer.from(x!, 'base64url'))), private_key };
}

export function drawSeed(): Uint8Array {
  return new Uint8Array(randomBytes(32));
}

/** The line of an `ed25519` key under a text. */
export function signText(text: string, { name, key_id, private_key }: SigningKey): NoteSignature {
  return { name, key_id, signature: new Uint8Array(sign(null, Buffer.from(text), private_key)) };
}

/** The line of a `cosignature` key under a checkpoint. @param time in seconds since 1970 */
export function cosignText(text: string, { name, key_id, private_key }: SigningKey, time: number): NoteSignature {
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  const signature = sign(null, Buffer.from(cosignedText(text, time)), private_key);
  return { name, key_id, signature: new Uint8Array([...stamp, ...signature]) };
}

const SKEY = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44})$/;

/** A new key as it stands in a file, `PRIVATE+KEY+<name>+<key id>+<base64 of type and seed>`: the form of Go's note keys. */
export function drawKeyText(name: string, algorithm: Algorithm): string {
  const seed = randomBytes(32);
  const { key_id } = signingKey(name, algorithm, seed);
  return `PRIVATE+KEY+${name}+${key_id}+${base64OfBytes(new Uint8Array([TYPES[algorithm], ...seed]))}`;
}

/** @returns undefined for anything but the text of a key, its id included */
export function parseKeyText(text: string): SigningKey | undefined {
  const [, name, key_id, base64] = SKEY.exec(text) ?? [];
  const bytes = base64 === undefined ? undefined : bytesOfBase64(base64);
  const algorithm = algorithmOf(bytes?.[0]);
  if (name === undefined || bytes?.length !== 33 || algorithm === undefined || !isKeyName(name)) return undefined;
  const key = signingKey(name, algorithm, bytes.slice(1));
  return key.key_id === key_id ? key : undefined;
}
