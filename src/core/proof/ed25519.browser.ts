/** What the browser bundle takes in the place of ed25519.ts. WebCrypto is there on pages of https and of this machine alone. */

/** @param publicKey 32 bytes. @throws where the page may not use WebCrypto, or the browser knows no Ed25519 */
export async function verifiesEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', Uint8Array.from(publicKey), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, Uint8Array.from(signature), Uint8Array.from(message));
}
