/**
 * The root of an RFC 6962 tree from some of its leaves and, between them, the largest complete subtrees there are: one proof for
 * all events of a bundle, checked as they come. Its memory is a hash for each level of the tree. Pure.
 */

import { rootOfPeaks, subtreesOf } from '../core/proof/merkle.ts';
import { createPeaks } from '../core/proof/peaks.ts';

/** The proof does not fit these leaves, or is none. */
export class TreeProofFault extends Error {}

export interface TreeProof {
  /** The next leaf, as digits or as bytes, at an index beyond all before. @throws {TreeProofFault} */
  add(index: number, leaf: string | Uint8Array): void;
  /** When all leaves were added. @throws {TreeProofFault} */
  root(): string;
}

const HASH = /^[0-9a-f]{64}$/;

/** @param hashes of the subtrees, from the left */
export function startTreeProof(size: number, hashes: readonly string[]): TreeProof {
  const peaks = createPeaks();
  let end = 0;
  let used = 0;

  function fill(to: number): void {
    if (to === end) return;
    for (const { level } of subtreesOf({ begin: end, end: to })) {
      const hash = hashes[used];
      if (hash === undefined || !HASH.test(hash)) throw new TreeProofFault(`hash ${used} is missing or is none`);
      used += 1;
      peaks.push(level, hash);
    }
    end = to;
  }

  function add(index: number, leaf: string | Uint8Array): void {
    if (!Number.isSafeInteger(index) || index < end || index >= size) {
      throw new TreeProofFault(`leaf ${index} is not between ${end} and ${size}`);
    }
    fill(index);
    peaks.push(0, leaf);
    end = index + 1;
  }

  function root(): string {
    fill(size);
    if (used < hashes.length) throw new TreeProofFault(`${hashes.length - used} hashes are left over`);
    return rootOfPeaks(peaks.hashes());
  }

  return { add, root };
}
