/** Whether leaves are where their events say, in the order of the events: told tile by tile, a few of which are held at a time. */
import { TILE_WIDTH } from '../../core/proof/tiles.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { SweptStream } from './sweptRows.ts';

/** A tile's hashes, one after the other. */
type ReadTiles = (indexes: number[]) => Promise<ReadonlyMap<number, Uint8Array>>;

export interface TilesAtHand {
  /** Whether every leaf of these streams is the hash of its event, in a place behind that of the event before. */
  hold(streams: readonly SweptStream[]): Promise<boolean>;
}

const HASH_BYTES = 32;
const INDEX_BYTES = 8;
/** Some 8 KiB each. */
const MOST_TILES = 1_000;
const NONE = Buffer.alloc(0);

const TILES = 'select index, hashes from public.log_tiles where level = 0 and index = any($1::bigint[])';

export function tilesOf(db: Queryable): ReadTiles {
  return async (indexes) => {
    const { rows } = await db.query<{ index: number; hashes: Buffer | null }>(TILES, [indexes]);
    return new Map(rows.map(({ index, hashes }) => [Number(index), hashes ?? NONE]));
  };
}

/** Leaves, and the hashes of their events one after the other. */
interface Placed {
  indexes: Float64Array;
  hashes: Buffer;
}

export function startTilesAtHand(read: ReadTiles): TilesAtHand {
  let atHand: ReadonlyMap<number, Uint8Array> = new Map();

  async function hold(streams: readonly SweptStream[]): Promise<boolean> {
    const placed = placesOf(streams);
    if (!placed) return false;
    const { length } = placed.indexes;
    for (let from = 0; from < length; ) {
      const to = await reach(placed.indexes, from);
      for (let n = from; n < to; n += 1) if (!isInPlace(placed, n)) return false;
      from = to;
    }
    return true;
  }

  /** Reads the tiles of the next leaves. @returns how far they suffice */
  async function reach(indexes: Float64Array, from: number): Promise<number> {
    const needed = new Set<number>();
    let to = from;
    for (let last = Number.NaN; to < indexes.length && needed.size < MOST_TILES; to += 1) {
      const tile = tileOf(indexes[to]!);
      if (tile !== last) needed.add(tile);
      last = tile;
    }
    const missing = [...needed].filter((index) => !atHand.has(index));
    if (missing.length === 0) return to;
    const kept = [...atHand].filter(([index]) => needed.has(index));
    atHand = new Map([...kept, ...(await read(missing))]);
    return to;
  }

  function isInPlace({ indexes, hashes }: Placed, n: number): boolean {
    const index = indexes[n]!;
    const tile = atHand.get(tileOf(index));
    if (!tile) return false;
    const place = (index % TILE_WIDTH) * HASH_BYTES;
    let differs = 0;
    for (let i = 0; i < HASH_BYTES; i += 1) differs |= tile[place + i]! ^ hashes[n * HASH_BYTES + i]!;
    return differs === 0 && place + HASH_BYTES <= tile.length;
  }

  return { hold };
}

const tileOf = (index: number) => Math.floor(index / TILE_WIDTH);

/** @returns undefined where one of the streams is not in the log from its first event on, none left out, in its order */
function placesOf(streams: readonly SweptStream[]): Placed | undefined {
  const logged = streams.filter(({ leaves }) => leaves !== null);
  const indexes = new Float64Array(logged.reduce((sum, { leaf_count }) => sum + leaf_count, 0));
  let length = 0;
  for (const { leaves, leaf_count, last_leaf, is_hashed } of logged) {
    if (!is_hashed || leaf_count !== last_leaf) return undefined;
    for (let n = 0, before = -1; n < leaf_count; n += 1) {
      const index = indexAt(leaves!, n * INDEX_BYTES);
      if (index <= before) return undefined;
      indexes[length++] = index;
      before = index;
    }
  }
  return { indexes, hashes: Buffer.concat(logged.map(({ hashes }) => hashes ?? NONE)) };
}

/** As int8send writes it. */
function indexAt(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
