/** Whether an Ed25519 signature is good. A browser bundle swaps this file for ed25519.browser.ts. */
import { createPublicKey, verify } from 'node:crypto';

/** @param publicKey 32 bytes. @returns a promise, since browsers answer later */
export async function verifiesEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, message, key, signature);
}
