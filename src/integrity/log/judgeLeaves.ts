/** Whether leaves are the events that they say, and whether tiles and checkpoints follow from them. Pure. */
import { EMPTY_ROOT } from '../../core/proof/merkle.ts';
import { appendLeaves, edgeOf, type Tile, type TileId } from '../../core/proof/tiles.ts';
import { edgeRoot } from './tileRows.ts';

/** A leaf beside its event; `event_hash` null where there is no such event. */
export interface LeafRow {
  index: number;
  stream: string;
  sequence: number;
  event_hash: string | null;
}

/** A signed tree: its size, and its root in hex. */
export interface SignedTree {
  size: number;
  root: string;
}

/** The tree as far as it was judged: by what the tiles hold, whatever is wrong with the events. */
export interface JudgedTree {
  size: number;
  edge: Tile[];
}

export const NO_LEAVES: JudgedTree = { size: 0, edge: [] };

/**
 * @param rows the leaves from `tree.size` up to `to`, in order
 * @param stored tiles by name, all that the leaves touch
 * @param signed checkpoints whose size is beyond `tree.size` and at most `to`, in order
 */
export function judgeLeaves(
  tree: JudgedTree,
  to: number,
  rows: LeafRow[],
  stored: StoredTiles,
  signed: SignedTree[],
): { tree: JudgedTree; issues: string[] } {
  const issues: string[] = [];
  const byIndex = new Map(rows.map((row) => [row.index, row]));
  const leaves: string[] = [];
  for (let index = tree.size; index < to; index += 1) {
    const row = byIndex.get(index);
    const leaf = stored({ level: 0, index: Math.floor(index / 256) })?.[index % 256];
    if (!row) issues.push(`Leaf missing: ${index}`);
    else if (leaf !== row.event_hash) issues.push(mismatchText(row, leaf));
    leaves.push(leaf ?? row?.event_hash ?? EMPTY_ROOT);
  }
  const judged = judgeGrowth(tree, leaves, stored, signed);
  return { tree: judged.tree, issues: [...issues, ...judged.issues] };
}

export type StoredTiles = (id: TileId) => string[] | undefined;

/** The same of leaves that are known to be the hashes of their events, and to stand in their tiles. */
export function judgeGrowth(
  tree: JudgedTree,
  leaves: string[],
  stored: StoredTiles,
  signed: SignedTree[],
): { tree: JudgedTree; issues: string[] } {
  const issues: string[] = [];
  let { size, edge } = tree;
  for (const { size: until, root } of [...signed, { size: tree.size + leaves.length, root: null }]) {
    const grown = appendLeaves(size, edge, leaves.slice(size - tree.size, until - tree.size));
    for (const tile of grown) if (tile.level > 0 && !isStored(tile, stored(tile))) issues.push(tileText(tile));
    edge = edgeOf(until).map(({ width, ...id }) => ({
      ...id,
      hashes: newest([...edge, ...grown], id).slice(0, width),
    }));
    size = until;
    const computed = root === null ? null : edgeRoot(size, edge);
    if (computed !== root) issues.push(`Checkpoint mismatch at size ${size}: signed=${root}, computed=${computed}`);
  }
  return { tree: { size, edge }, issues };
}

function mismatchText({ index, stream, sequence, event_hash }: LeafRow, leaf: string | undefined): string {
  const event = event_hash ?? 'missing';
  return `Leaf mismatch at ${index}: leaf=${leaf ?? 'missing'}, event ${sequence} of ${stream}=${event}`;
}

const tileText = ({ level, index }: TileId) => `Tile mismatch: ${level}/${index}`;

function isStored({ hashes }: Tile, stored: string[] | undefined): boolean {
  return stored !== undefined && hashes.every((hash, i) => hash === stored[i]);
}

function newest(tiles: Tile[], { level, index }: TileId): string[] {
  return tiles.findLast((tile) => tile.level === level && tile.index === index)?.hashes ?? [];
}
