/** Proofs of trees that are small enough to be made from all of their leaves. */
import { consistencySpans, merkleRoot } from '../../src/core/proof/merkle.ts';

/** Empty from nothing, and where nothing grew. */
export function consistencyOf(leaves: string[], from: number, to: number): string[] {
  if (from === 0 || from >= to) return [];
  return consistencySpans(from, to).map(({ begin, end }) => merkleRoot(leaves.slice(begin, end)));
}
