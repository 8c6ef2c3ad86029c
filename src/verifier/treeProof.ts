/**
 * The root of an RFC 6962 tree from some of its leaves and, between them, the largest complete subtrees there are: one proof for
 * all events of a bundle, checked as they come. Its memory is a hash for each level of the tree. Pure.
 */

import { nodeHash, rootOfPeaks, subtreesOf } from '../core/proof/merkle.ts';

/** The proof does not fit these leaves, or is none. */
export class TreeProofFault extends Error {}

export interface TreeProof {
  /** The next leaf, at an index beyond all before. @throws {TreeProofFault} */
  add(index: number, leaf: string): void;
  /** When all leaves were added. @throws {TreeProofFault} */
  root(): string;
}

const HASH = /^[0-9a-f]{64}$/;

/** @param hashes of the subtrees, from the left */
export function startTreeProof(size: number, hashes: readonly string[]): TreeProof {
  const peaks: { level: number; hash: string }[] = [];
  let end = 0;
  let used = 0;

  function push(level: number, hash: string): void {
    let top = { level, hash };
    while (peaks.at(-1)?.level === top.level) {
      top = { level: top.level + 1, hash: nodeHash(peaks.pop()!.hash, top.hash) };
    }
    peaks.push(top);
  }

  function fill(to: number): void {
    if (to === end) return;
    for (const { level } of subtreesOf({ begin: end, end: to })) {
      const hash = hashes[used];
      if (hash === undefined || !HASH.test(hash)) throw new TreeProofFault(`hash ${used} is missing or is none`);
      used += 1;
      push(level, hash);
    }
    end = to;
  }

  function add(index: number, leaf: string): void {
    if (!Number.isSafeInteger(index) || index < end || index >= size) {
      throw new TreeProofFault(`leaf ${index} is not between ${end} and ${size}`);
    }
    fill(index);
    push(0, leaf);
    end = index + 1;
  }

  function root(): string {
    fill(size);
    if (used < hashes.length) throw new TreeProofFault(`${hashes.length - used} hashes are left over`);
    return rootOfPeaks(peaks.map(({ hash }) => hash));
  }

  return { add, root };
}
