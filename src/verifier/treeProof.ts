/**
 * The root of an RFC 6962 tree from some of its leaves and, between them, the largest complete subtrees there are: one proof for
 * all events of a bundle, checked as they come. Its memory is a hash for each level of the tree. Pure.
 */

import { hexOfBytes, writeHex } from '../core/chain/hex.ts';
import { sha256Into } from '../core/chain/sha256.ts';
import { rootOfPeaks, subtreesOf } from '../core/proof/merkle.ts';

/** The proof does not fit these leaves, or is none. */
export class TreeProofFault extends Error {}

export interface TreeProof {
  /** The next leaf, as digits or as bytes, at an index beyond all before. @throws {TreeProofFault} */
  add(index: number, leaf: string | Uint8Array): void;
  /** When all leaves were added. @throws {TreeProofFault} */
  root(): string;
}

const HASH = /^[0-9a-f]{64}$/;

const HASH_BYTES = 32;
/** More than there are levels in a tree whose size is a safe integer. */
const MOST_PEAKS = 64;
const NODE_BYTES = 1 + 2 * HASH_BYTES;

/** @param hashes of the subtrees, from the left */
export function startTreeProof(size: number, hashes: readonly string[]): TreeProof {
  /** The node that is hashed, 0x01 || left || right, and behind it the peaks, so that two that become one stand side by side. */
  const bytes = new Uint8Array(NODE_BYTES + MOST_PEAKS * HASH_BYTES).fill(0x01, 0, 1);
  const node = bytes.subarray(0, NODE_BYTES);
  const levels = new Uint8Array(MOST_PEAKS);
  let peaks = 0;
  let end = 0;
  let used = 0;

  const placeOf = (peak: number) => NODE_BYTES + peak * HASH_BYTES;

  /** The hash stands where the next peak does. */
  function push(level: number): void {
    let top = level;
    while (peaks > 0 && levels[peaks - 1] === top) {
      peaks -= 1;
      const place = placeOf(peaks);
      bytes.copyWithin(1, place, place + 2 * HASH_BYTES);
      sha256Into(node, bytes, place);
      top += 1;
    }
    levels[peaks] = top;
    peaks += 1;
  }

  function fill(to: number): void {
    if (to === end) return;
    for (const { level } of subtreesOf({ begin: end, end: to })) {
      const hash = hashes[used];
      if (hash === undefined || !HASH.test(hash)) throw new TreeProofFault(`hash ${used} is missing or is none`);
      used += 1;
      writeHex(hash, bytes, placeOf(peaks));
      push(level);
    }
    end = to;
  }

  function add(index: number, leaf: string | Uint8Array): void {
    if (!Number.isSafeInteger(index) || index < end || index >= size) {
      throw new TreeProofFault(`leaf ${index} is not between ${end} and ${size}`);
    }
    fill(index);
    if (typeof leaf === 'string') writeHex(leaf, bytes, placeOf(peaks));
    else bytes.set(leaf, placeOf(peaks));
    push(0);
    end = index + 1;
  }

  function root(): string {
    fill(size);
    if (used < hashes.length) throw new TreeProofFault(`${hashes.length - used} hashes are left over`);
    const hashOf = (peak: number) => hexOfBytes(bytes.subarray(placeOf(peak), placeOf(peak + 1)));
    return rootOfPeaks(Array.from({ length: peaks }, (_, peak) => hashOf(peak)));
  }

  return { add, root };
}
