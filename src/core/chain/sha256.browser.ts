/**
 * What the browser bundle takes in the place of sha256.ts: synchronous, and there on pages without https too, where
 * WebCrypto is neither.
 */
import { sha256 as digester } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 over the concatenated parts, as 64 lower-case hex digits. Strings are taken as UTF-8. */
export function sha256(...parts: (string | Uint8Array)[]): string {
  const hash = digester.create();
  for (const part of parts) hash.update(typeof part === 'string' ? utf8ToBytes(part) : part);
  return bytesToHex(hash.digest());
}

/** The same as `sha256Into` of sha256.ts. */
export function sha256Into(input: Uint8Array, out: Uint8Array, at: number): void {
  out.set(digester(input), at);
}

/** The same as `startSha256` of sha256.ts. */
export function startSha256(): { add(piece: Uint8Array): void; digest(): string } {
  const hashing = digester.create();
  return { add: (piece) => void hashing.update(piece), digest: () => bytesToHex(hashing.digest()) };
}
