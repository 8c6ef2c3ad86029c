/** The teams of a match in any order, by which matches of other feeds are found that are this one. Pure. */
import { sha256 } from '../../core/chain/sha256.ts';

/** How far apart the times of two matches of the same teams may be that are one. */
export const SAME_WITHIN_MS = 90 * 60_000;

/** Names as people write them: case, spaces and marks are no difference. */
export function plain(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
}

/** Null where there are not two teams with names. */
export function pairOf(names: readonly string[]): string | null {
  const plainNames = names.map(plain).sort();
  if (plainNames.length !== 2 || plainNames.includes('') || plainNames[0] === plainNames[1]) return null;
  return sha256(plainNames.join('\n')).slice(0, 32);
}
