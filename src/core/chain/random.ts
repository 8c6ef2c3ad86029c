/** Randomness by the block: asking the system for a few bytes at a time costs more than what they are used for. */
import { randomBytes } from 'node:crypto';

const BLOCK_BYTES = 4_096;

let block = Buffer.alloc(0);
let used = 0;

/** So many bytes that nobody else gets. */
export function drawRandom(byteCount: number): Buffer {
  if (used + byteCount > block.length) {
    block = randomBytes(Math.max(BLOCK_BYTES, byteCount));
    used = 0;
  }
  used += byteCount;
  return block.subarray(used - byteCount, used);
}
