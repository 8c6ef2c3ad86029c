/**
 * The complete subtrees of a tree that only grows, from the left: two of one size become one. Hashes stay bytes and nothing is made
 * anew for a leaf, so that most of the time goes into SHA-256. Memory is a hash for each level.
 */
import { hexOfBytes, writeHex } from '../chain/hex.ts';
import { sha256Into } from '../chain/sha256.ts';

export interface Peaks {
  /** A complete subtree of 2^level leaves, by its root: as digits or as bytes. */
  push(level: number, hash: string | Uint8Array): void;
  /** As digits, from the left. */
  hashes(): string[];
}

const HASH_BYTES = 32;
/** More than there are levels in a tree whose size is a safe integer. */
const MOST_PEAKS = 64;
const NODE_BYTES = 1 + 2 * HASH_BYTES;
const NODE = 0x01;

export function createPeaks(): Peaks {
  /** The peaks, so that two that become one stand side by side, with a byte before them all: 0x01 || left || right is hashed where it stands. */
  const bytes = new Uint8Array(1 + MOST_PEAKS * HASH_BYTES);
  const nodes: Uint8Array[] = [];
  const levels = new Uint8Array(MOST_PEAKS);
  let count = 0;

  const placeOf = (peak: number) => 1 + peak * HASH_BYTES;

  function push(level: number, hash: string | Uint8Array): void {
    if (typeof hash === 'string') writeHex(hash, bytes, placeOf(count));
    else bytes.set(hash, placeOf(count));
    let top = level;
    while (count > 0 && levels[count - 1] === top) {
      count -= 1;
      hashNode(count);
      top += 1;
    }
    levels[count] = top;
    count += 1;
  }

  /** Of this peak and the next, in the place of this one. The byte before is the last of another peak's. */
  function hashNode(peak: number): void {
    const at = placeOf(peak) - 1;
    const before = bytes[at]!;
    bytes[at] = NODE;
    nodes[peak] ??= bytes.subarray(at, at + NODE_BYTES);
    sha256Into(nodes[peak], bytes, at + 1);
    bytes[at] = before;
  }

  function hashes(): string[] {
    return Array.from({ length: count }, (_, peak) => hexOfBytes(bytes.subarray(placeOf(peak), placeOf(peak + 1))));
  }

  return { push, hashes };
}
