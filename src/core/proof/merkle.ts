/**
 * The Merkle tree of RFC 6962, section 2.1: hashes of its nodes, and which parts of a tree a proof is made of. Pure.
 * Hashes are lower-case hex. A leaf is the hash of an event as it stands in the record.
 */
import { writeHex } from '../chain/hex.ts';
import { sha256 } from '../chain/sha256.ts';
import { createPeaks } from './peaks.ts';

/** The root of the tree that has no leaf: SHA-256 of nothing. */
export const EMPTY_ROOT = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** A run of leaves: from `begin` up to, but without, `end`. */
export interface Span {
  begin: number;
  end: number;
}

/** A subtree whose leaves are all there: 2^level of them from `index` * 2^level on. */
export interface Subtree {
  level: number;
  index: number;
}

const LEAF = new Uint8Array([0x00]);
/** 0x01 || left || right. Hashed at once, so that one is enough for all nodes. */
const node = new Uint8Array(65).fill(0x01, 0, 1);

/** SHA-256(0x00 || entry). */
export function leafHash(entry: string | Uint8Array): string {
  return sha256(LEAF, entry);
}

/** SHA-256(0x01 || left || right). */
export function nodeHash(left: string, right: string): string {
  writeHex(left, node, 1);
  writeHex(right, node, 33);
  return sha256(node);
}

/** A tree that only grows, of which no more is kept than its next root needs: one hash for each bit of its size. */
export function createGrowingTree() {
  const peaks = createPeaks();
  let size = 0;
  return {
    append(leaf: string): void {
      peaks.push(0, leaf);
      size += 1;
    },
    size: () => size,
    root: () => rootOfPeaks(peaks.hashes()),
  };
}

/** The root of the tree of these leaves. */
export function merkleRoot(leaves: Iterable<string>): string {
  const tree = createGrowingTree();
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
}

/** @param peaks roots of the complete subtrees that a span consists of, from the left */
export function rootOfPeaks(peaks: string[]): string {
  return peaks.length === 0 ? EMPTY_ROOT : peaks.reduceRight((right, left) => nodeHash(left, right));
}

/** The complete subtrees that a span consists of, from the left, each as large as its place allows. */
export function subtreesOf({ begin, end }: Span): Subtree[] {
  const subtrees: Subtree[] = [];
  for (let at = begin; at < end; ) {
    let level = 0;
    let width = 1;
    while (at % (2 * width) === 0 && at + 2 * width <= end) {
      level += 1;
      width *= 2;
    }
    subtrees.push({ level, index: at / width });
    at += width;
  }
  return subtrees;
}

/** The spans whose roots prove that the leaf at `index` is in the tree of `size` leaves, in the order of the proof. */
export function inclusionSpans(index: number, size: number): Span[] {
  if (!isSize(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  }
  const spans: Span[] = [];
  for (let begin = 0, end = size; end - begin > 1; ) {
    const middle = begin + largestPowerBelow(end - begin);
    if (index < middle) {
      spans.push({ begin: middle, end });
      end = middle;
    } else {
      spans.push({ begin, end: middle });
      begin = middle;
    }
  }
  return spans.reverse();
}

/** The spans whose roots prove that the tree of `to` leaves begins with all of that of `from`, in the order of the proof. */
export function consistencySpans(from: number, to: number): Span[] {
  if (!isSize(from) || !isSize(to) || from > to) throw new RangeError(`no tree of ${to} grew from one of ${from}`);
  if (from === 0) return [];
  const spans: Span[] = [];
  let begin = 0;
  let end = to;
  while (end !== from) {
    const middle = begin + largestPowerBelow(end - begin);
    if (from <= middle) {
      spans.push({ begin: middle, end });
      end = middle;
    } else {
      spans.push({ begin, end: middle });
      begin = middle;
    }
  }
  // Where the old tree is a subtree of the new one its root is known to whom the proof is for.
  if (begin > 0) spans.push({ begin, end });
  return spans.reverse();
}

export function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0;
}

/** Where a tree of so many leaves, two or more, is cut in two. */
function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}
