/** Keys that sign notes. On servers alone: everything else of this folder runs in browsers too. */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { type Algorithm, type NoteKey, noteKey } from './keys.ts';
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
