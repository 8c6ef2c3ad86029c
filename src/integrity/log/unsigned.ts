/**
 * What the log has grown by since it was signed, recomputed: the leaves from the columns of their events, the tree from the
 * leaves. The tree that was signed is taken from tiles, whose root must be the one that was signed.
 */
import { type EventRow, hashOf } from '../../core/chain/ledger.ts';
import type { Checkpoint } from '../../core/proof/checkpoint.ts';
import { appendLeaves, edgeOf, TILE_WIDTH, type Tile } from '../../core/proof/tiles.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { edgeRoot, readEdge, readTiles } from './tileRows.ts';

/** Leaves that one checkpoint adds at most: what waits longer is under the next. */
const MOST_LEAVES = 20_000;
const PAGE = 1_000;

/** The log is not what grew from the signed tree: nothing of it may be signed. */
export class InconsistentLog extends Error {}

export interface BadLeaf {
  index: number;
  stream: string;
  sequence: number;
  text: string;
}

/** `isAll`: nothing is left for the next checkpoint. */
export type Grown = { size: number; root: string; isAll: boolean } | { bad: BadLeaf[] };

/** Its event's columns beside its index; the hash is null where there is no such event. */
export type NewLeaf = Omit<EventRow, 'payload' | 'payload_salt' | 'event_hash'> & {
  index: number;
  event_hash: string | null;
};

const LEAVES = {
  name: 'read-new-leaves',
  text: `
    select l.index, l.stream, l.sequence, e.event_id, e.event_type, e.actor_id,
      to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as occurred_at,
      encode(e.payload_commitment, 'hex') as payload_commitment, encode(e.previous_hash, 'hex') as previous_hash,
      encode(e.event_hash, 'hex') as event_hash
    from log_leaves l left join events e on e.stream = l.stream and e.sequence = l.sequence
    where l.index >= $1 and l.index < $2 order by l.index`,
};

/**
 * @param db in one snapshot
 * @throws {InconsistentLog} where the log is shorter than what was signed, or its tiles give another root for it
 */
export async function recomputeGrowth(db: Queryable, signed: Checkpoint): Promise<Grown | undefined> {
  const { rows } = await db.query<{ size: number }>('select size from log_state where one');
  const size = Math.min(rows[0]!.size, signed.size + MOST_LEAVES);
  if (size < signed.size) throw new InconsistentLog(`the log has ${size} leaves, and ${signed.size} are signed`);
  let edge = await signedEdge(db, signed);
  if (size === signed.size) return undefined;
  const bad: BadLeaf[] = [];
  for (let from = signed.size; from < size; from += PAGE) {
    const to = Math.min(from + PAGE, size);
    const { leaves, faults } = await recomputeLeaves(db, from, to);
    bad.push(...faults);
    const grown = [...edge, ...appendLeaves(from, edge, leaves)];
    edge = edgeOf(to).map(({ width, ...id }) => ({ ...id, hashes: widest(grown, id).slice(0, width) }));
  }
  if (bad.length > 0) return { bad };
  const root = edgeRoot(size, edge);
  if (edgeRoot(size, await readEdge(db, size)) !== root)
    throw new InconsistentLog(`the tiles give another root at ${size}`);
  return { size, root, isAll: size === rows[0]!.size };
}

/** @throws {InconsistentLog} */
export async function signedEdge(db: Queryable, { size, root }: Checkpoint): Promise<Tile[]> {
  let edge: Tile[];
  try {
    edge = await readEdge(db, size);
  } catch (error) {
    throw new InconsistentLog((error as Error).message);
  }
  if (edgeRoot(size, edge) !== root)
    throw new InconsistentLog(`the tiles give another root than was signed at ${size}`);
  return edge;
}

function widest(tiles: Tile[], { level, index }: { level: number; index: number }): string[] {
  return tiles.filter((tile) => tile.level === level && tile.index === index).at(-1)?.hashes ?? [];
}

async function recomputeLeaves(db: Queryable, from: number, to: number) {
  const { rows } = await db.query<NewLeaf>({ ...LEAVES, values: [from, to] });
  const ids = Array.from({ length: Math.ceil(to / TILE_WIDTH) - Math.floor(from / TILE_WIDTH) }, (_, i) => ({
    level: 0,
    index: Math.floor(from / TILE_WIDTH) + i,
  }));
  const tiles = await readTiles(db, ids);
  if (rows.length !== to - from) throw new InconsistentLog(`of the leaves ${from} to ${to} there are ${rows.length}`);
  const missing = rows.findIndex(({ index }, i) => index !== from + i);
  if (missing !== -1) throw new InconsistentLog(`leaf ${from + missing} is missing`);
  const stored = ({ index }: NewLeaf) =>
    tiles.get(`0/${Math.floor(index / TILE_WIDTH)}`)?.hashes[index % TILE_WIDTH] ?? '';
  return judgeNewLeaves(rows, rows.map(stored));
}

/** @param stored what the tiles have for each of them. @returns the leaves as the events give them, and those that are stored otherwise */
export function judgeNewLeaves(rows: NewLeaf[], stored: string[]): { leaves: string[]; faults: BadLeaf[] } {
  const computed = rows.map((row) =>
    row.event_hash === null ? '' : hashOf({ ...row, payload: null, payload_salt: null, event_hash: row.event_hash }),
  );
  const faults = rows.flatMap(({ index, stream, sequence }, i) => {
    if (computed[i] === stored[i]) return [];
    const text = `Leaf mismatch at sequence ${sequence}: leaf ${index} is ${stored[i]}, the event gives ${computed[i]}`;
    return [{ index, stream, sequence, text }];
  });
  return { leaves: computed.map((leaf, i) => leaf || stored[i]!), faults };
}
