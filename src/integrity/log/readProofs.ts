/** Proofs made from tiles: that an event is in the log, and that one size of it grew from another. */
import { consistencySpans, inclusionSpans } from '../../core/proof/merkle.ts';
import { TILE_WIDTH } from '../../core/proof/tiles.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { readCheckpoint } from './readCheckpoints.ts';
import { readSpanRoots, readTiles } from './tileRows.ts';

export interface Inclusion {
  index: number;
  size: number;
  event_hash: string;
  hashes: string[];
  checkpoint: string;
}

const INDEX = { name: 'find-leaf', text: 'select index from log_leaves where stream = $1 and sequence = $2' };

/**
 * @param size of a checkpoint, or null for the latest
 * @returns `not_sealed` where the event is not under that checkpoint, or any; undefined where there is no such checkpoint
 */
export async function readInclusion(
  db: Queryable,
  stream: string,
  sequence: number,
  size: number | null,
): Promise<Inclusion | 'not_sealed' | undefined> {
  const checkpoint = await readCheckpoint(db, size);
  if (checkpoint === undefined) return size === null ? 'not_sealed' : undefined;
  const { rows } = await db.query<{ index: number }>({ ...INDEX, values: [stream, sequence] });
  const index = rows[0]?.index;
  if (index === undefined || index >= checkpoint.size) return 'not_sealed';
  const hashes = await readSpanRoots(db, inclusionSpans(index, checkpoint.size));
  const tiles = await readTiles(db, [{ level: 0, index: Math.floor(index / TILE_WIDTH) }]);
  const event_hash = [...tiles.values()][0]!.hashes[index % TILE_WIDTH]!;
  return { index, size: checkpoint.size, event_hash, hashes, checkpoint: checkpoint.note };
}

export function readConsistency(db: Queryable, from: number, to: number): Promise<string[]> {
  return readSpanRoots(db, consistencySpans(from, to));
}
