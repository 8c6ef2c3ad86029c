/** What browser bundles take in the place of random.ts: they fold what was recorded, and draw nothing. */

export function drawRandom(byteCount: number): never {
  throw new Error(`${byteCount} random bytes are drawn on servers alone`);
}
