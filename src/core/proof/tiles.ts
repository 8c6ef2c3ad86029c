/**
 * The tree as tiles of 256 hashes (C2SP tlog-tiles): what a server stores and gives out of it. A tile of level 0 holds leaves,
 * one of level L + 1 the roots of full tiles of level L. Only the last tile of a level may be partial. Pure.
 */
import { merkleRoot, rootOfPeaks, type Span, type Subtree, subtreesOf } from './merkle.ts';

export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

export interface TileId {
  level: number;
  index: number;
}

/** 1 to 256 hashes, from the left. */
export interface Tile extends TileId {
  hashes: string[];
}

/** The hashes of a tile, at least as many as the tree that is asked about has there. */
export type TileReader = (id: TileId) => string[];

interface Place extends TileId {
  /** The first of the tile's hashes. */
  from: number;
  count: number;
}

/** Where the hashes below a complete subtree stand. */
function placeOf({ level, index }: Subtree): Place {
  const count = 2 ** (level % TILE_HEIGHT);
  const first = index * count;
  return {
    level: Math.floor(level / TILE_HEIGHT),
    index: Math.floor(first / TILE_WIDTH),
    from: first % TILE_WIDTH,
    count,
  };
}

/** The tiles that the roots of these spans are made from, each once. */
export function tilesOf(spans: Span[]): TileId[] {
  const ids = new Map<string, TileId>();
  for (const span of spans) {
    for (const subtree of subtreesOf(span)) {
      const { level, index } = placeOf(subtree);
      ids.set(`${level}/${index}`, { level, index });
    }
  }
  return [...ids.values()];
}

/** The root of the leaves of a span. @throws {RangeError} where a tile has fewer hashes than the span needs */
export function spanRoot(span: Span, read: TileReader): string {
  return rootOfPeaks(
    subtreesOf(span).map((subtree) => {
      const { from, count, ...id } = placeOf(subtree);
      const hashes = read(id).slice(from, from + count);
      if (hashes.length < count) throw new RangeError(`tile ${id.level}/${id.index} ends before ${from + count}`);
      return merkleRoot(hashes);
    }),
  );
}

/** The partial tiles of a tree of `size` leaves and how wide they are: all that its root is made from, and its growth. */
export function edgeOf(size: number): (TileId & { width: number })[] {
  const edge: (TileId & { width: number })[] = [];
  for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / TILE_WIDTH)) {
    const width = count % TILE_WIDTH;
    if (width > 0) edge.push({ level, index: Math.floor(count / TILE_WIDTH), width });
  }
  return edge;
}

/**
 * The tree of `size` leaves with more of them.
 * @param edge its partial tiles
 * @returns every tile that is new or has grown
 */
export function appendLeaves(size: number, edge: Tile[], leaves: string[]): Tile[] {
  const grown: Tile[] = [];
  let added = leaves;
  for (let level = 0, count = size; added.length > 0; level += 1, count = Math.floor(count / TILE_WIDTH)) {
    const partial = edge.find((tile) => tile.level === level)?.hashes ?? [];
    if (partial.length !== count % TILE_WIDTH) throw new RangeError(`level ${level} does not end at ${count}`);
    const hashes = [...partial, ...added];
    const first = Math.floor(count / TILE_WIDTH);
    added = [];
    for (let i = 0; i * TILE_WIDTH < hashes.length; i += 1) {
      const tile = { level, index: first + i, hashes: hashes.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH) };
      grown.push(tile);
      if (tile.hashes.length === TILE_WIDTH) added.push(merkleRoot(tile.hashes));
    }
  }
  return grown;
}

/** As it stands in addresses and names of files: `0/x001/x234/067`, a partial one with `.p/<width>`. */
export function tilePath({ level, index }: TileId, width = TILE_WIDTH): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g)!;
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `${level}/${path}${width < TILE_WIDTH ? `.p/${width}` : ''}`;
}

const PATH = /^(\d|[1-5]\d|6[0-3])\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** @returns undefined for all but the one path of a tile. A full tile has the width 256 */
export function parseTilePath(path: string): (TileId & { width: number }) | undefined {
  const [, level, groups, partial] = PATH.exec(path) ?? [];
  if (level === undefined) return undefined;
  const id = { level: Number(level), index: Number(groups!.replaceAll(/[x/]/g, '')) };
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  return tilePath(id, width) === path ? { ...id, width } : undefined;
}
