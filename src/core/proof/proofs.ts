/**
 * Whether a proof proves what it is said to: the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2. Anything malformed
 * proves nothing. Hashes are lower-case hex.
 */
import { isSize, nodeHash } from './merkle.ts';

const HASH = /^[0-9a-f]{64}$/;
const areHashes = (hashes: string[]) => hashes.every((hash) => HASH.test(hash));
const half = (n: number) => Math.floor(n / 2);

export interface InclusionProof {
  /** From 0. */
  index: number;
  size: number;
  leaf: string;
  hashes: string[];
}

/** @returns the root of the tree of `size` leaves that has `leaf` at `index`, by its proof; undefined where that is none */
export function rootOfInclusion({ index, size, leaf, hashes }: InclusionProof): string | undefined {
  if (!isSize(size) || !isSize(index) || index >= size || !areHashes([leaf, ...hashes])) return undefined;
  let place = index;
  let last = size - 1;
  let root = leaf;
  for (const hash of hashes) {
    if (last === 0) return undefined;
    if (place % 2 === 0 && place !== last) {
      root = nodeHash(root, hash);
    } else {
      root = nodeHash(hash, root);
      while (place % 2 === 0 && place !== 0) {
        place = half(place);
        last = half(last);
      }
    }
    place = half(place);
    last = half(last);
  }
  return last === 0 ? root : undefined;
}

export function provesInclusion(proof: InclusionProof, root: string): boolean {
  return rootOfInclusion(proof) === root;
}

export interface ConsistencyProof {
  /** At least 1: every tree grew from the empty one, and no proof of that says anything. */
  from: number;
  to: number;
  hashes: string[];
}

/** Whether the tree with `newRoot` begins with all leaves of that with `oldRoot`. */
export function provesConsistency({ from, to, hashes }: ConsistencyProof, oldRoot: string, newRoot: string): boolean {
  if (!isSize(from) || !isSize(to) || from === 0 || from > to || !areHashes([oldRoot, newRoot, ...hashes]))
    return false;
  if (from === to) return hashes.length === 0 && oldRoot === newRoot;
  let place = from - 1;
  let last = to - 1;
  while (place % 2 === 1) {
    place = half(place);
    last = half(last);
  }
  // What is left is 0 where the old tree is complete: its root begins the proof then.
  const [seed, ...rest] = place === 0 ? [oldRoot, ...hashes] : hashes;
  if (seed === undefined) return false;
  let old = seed;
  let root = seed;
  for (const hash of rest) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      old = nodeHash(hash, old);
      root = nodeHash(hash, root);
      while (place % 2 === 0 && place !== 0) {
        place = half(place);
        last = half(last);
      }
    } else {
      root = nodeHash(root, hash);
    }
    place = half(place);
    last = half(last);
  }
  return last === 0 && old === oldRoot && root === newRoot;
}
