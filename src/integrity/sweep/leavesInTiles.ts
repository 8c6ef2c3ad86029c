/** Whether leaves are where their events say, in the order of the events: told tile by tile, a few of which are held at a time. */
import { TILE_WIDTH } from '../../core/proof/tiles.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { SweptStream } from './sweptRows.ts';

/** A tile's hashes in hex, one after the other. */
type ReadTiles = (indexes: number[]) => Promise<ReadonlyMap<number, string>>;

export interface TilesAtHand {
  /** Whether every leaf of these streams is the hash of its event, in a place behind that of the event before. */
  hold(streams: readonly SweptStream[]): Promise<boolean>;
}

const HASH = 64;
/** Some 16 KiB each. */
const MOST_TILES = 1_000;

const TILES = `
  select index, encode(hashes, 'hex') as hashes from public.log_tiles where level = 0 and index = any($1::bigint[])`;

export function tilesOf(db: Queryable): ReadTiles {
  return async (indexes) => {
    const { rows } = await db.query<{ index: number; hashes: string | null }>(TILES, [indexes]);
    return new Map(rows.map(({ index, hashes }) => [Number(index), hashes ?? '']));
  };
}

export function startTilesAtHand(read: ReadTiles): TilesAtHand {
  let atHand: ReadonlyMap<number, string> = new Map();

  async function hold(streams: readonly SweptStream[]): Promise<boolean> {
    const placed: Placed[] = [];
    for (const one of streams) {
      if (one.leaves === null) continue;
      const places = one.leaves.split(',').map(Number);
      // From the first event on, none left out, and none before the one before it.
      if (!one.is_hashed || one.leaf_count !== one.last_leaf || !isRising(places)) return false;
      for (const [n, index] of places.entries()) placed.push({ index, hashes: one.hashes, at: n * HASH });
    }
    for (let from = 0; from < placed.length; ) {
      const to = await reach(placed, from);
      if (!placed.slice(from, to).every(isInPlace)) return false;
      from = to;
    }
    return true;
  }

  /** Reads the tiles of the next leaves. @returns how far they suffice */
  async function reach(placed: Placed[], from: number): Promise<number> {
    const needed = new Set<number>();
    let to = from;
    while (to < placed.length && needed.size < MOST_TILES) needed.add(tileOf(placed[to++]!));
    const missing = [...needed].filter((index) => !atHand.has(index));
    if (missing.length === 0) return to;
    const kept = [...atHand].filter(([index]) => needed.has(index));
    atHand = new Map([...kept, ...(await read(missing))]);
    return to;
  }

  function isInPlace({ index, hashes, at }: Placed): boolean {
    const place = (index % TILE_WIDTH) * HASH;
    return atHand.get(Math.floor(index / TILE_WIDTH))?.slice(place, place + HASH) === hashes.slice(at, at + HASH);
  }

  return { hold };
}

/** A leaf, and where among the hashes of its stream that of its event stands. */
interface Placed {
  index: number;
  hashes: string;
  at: number;
}

const tileOf = ({ index }: Placed) => Math.floor(index / TILE_WIDTH);

function isRising(places: number[]): boolean {
  return places.every((place, n) => n === 0 || place > places[n - 1]!);
}
