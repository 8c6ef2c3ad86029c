/** The one place that hashes. A browser bundle swaps this file; everything in chain.ts stays as it is. */
import { createHash, hash } from 'node:crypto';

/** SHA-256 over the concatenated parts, as 64 lower-case hex digits. Strings are taken as UTF-8. */
export function sha256(...parts: (string | Uint8Array)[]): string {
  const [first = '', ...more] = parts;
  // At once: an object for each hash costs more than the hash of a short text.
  return hash('sha256', more.length === 0 ? first : joined(parts), 'hex');
}

/** SHA-256 of these bytes, written as 32 bytes into `out` from `at` on. */
export function sha256Into(input: Uint8Array, out: Uint8Array, at: number): void {
  // A text with a character for each byte comes out of Node in half the time that a new array takes.
  const digest = hash('sha256', input, 'binary');
  for (let i = 0; i < 32; i += 1) out[at + i] = digest.charCodeAt(i);
}

/** SHA-256 of what comes in pieces, such as a file. */
export interface Hashing {
  add(piece: Uint8Array): void;
  /** Once, at the end: 64 lower-case hex digits. */
  digest(): string;
}

export function startSha256(): Hashing {
  const hashing = createHash('sha256');
  return { add: (piece) => void hashing.update(piece), digest: () => hashing.digest('hex') };
}

function joined(parts: (string | Uint8Array)[]): string | Uint8Array {
  if (parts.every((part) => typeof part === 'string')) return parts.join('');
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}
