/** The one place that hashes. A browser bundle swaps this file; everything in chain.ts stays as it is. */
import { createHash } from 'node:crypto';

/** SHA-256 over the concatenated parts, as 64 lower-case hex digits. Strings are taken as UTF-8. */
export function sha256(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
