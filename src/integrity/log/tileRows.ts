/** Tiles of the log as rows: in each its hashes, one after the other. */
import { bytesOfHex } from '../../core/chain/hex.ts';
import type { Span } from '../../core/proof/merkle.ts';
import { edgeOf, spanRoot, type Tile, type TileId, tilesOf } from '../../core/proof/tiles.ts';
import type { Queryable } from '../../core/sql/queryable.ts';

const READ = {
  name: 'read-tiles',
  text: `select t.level, t.index, t.hashes from unnest($1::smallint[], $2::bigint[]) as i (level, index)
    join log_tiles t using (level, index)`,
};

const WRITE = `
  insert into log_tiles (level, index, hashes)
  select level, index, decode(hashes, 'hex') from unnest($1::smallint[], $2::bigint[], $3::text[]) as t (level, index, hashes)
  on conflict (level, index) do update set hashes = excluded.hashes`;

const nameOf = ({ level, index }: TileId) => `${level}/${index}`;
/** None where a superuser left nothing of the tile: what it lacks is found, and breaks nothing off. */
const digitsOf = (bytes: Buffer | null) => bytes?.toString('hex').match(/.{64}/g) ?? [];

/** @returns the tiles that are there, each as wide as it is */
export async function readTiles(db: Queryable, ids: TileId[]): Promise<Map<string, Tile>> {
  if (ids.length === 0) return new Map();
  const values = [ids.map(({ level }) => level), ids.map(({ index }) => index)];
  const { rows } = await db.query<{ level: number; index: number; hashes: Buffer | null }>({ ...READ, values });
  return new Map(rows.map(({ hashes, ...id }) => [nameOf(id), { ...id, hashes: digitsOf(hashes) }]));
}

/** The partial tiles of the tree of `size` leaves, of which the log may have more by now. @throws {RangeError} where one is too short */
export async function readEdge(db: Queryable, size: number): Promise<Tile[]> {
  const edge = edgeOf(size);
  const tiles = await readTiles(db, edge);
  return edge.map(({ width, ...id }) => {
    const hashes = tiles.get(nameOf(id))?.hashes.slice(0, width) ?? [];
    if (hashes.length < width) throw new RangeError(`tile ${nameOf(id)} ends before ${width}`);
    return { ...id, hashes };
  });
}

/** The roots of these spans, from the tiles. @throws {RangeError} where a tile is too short, or missing */
export async function readSpanRoots(db: Queryable, spans: Span[]): Promise<string[]> {
  const tiles = await readTiles(db, tilesOf(spans));
  return spans.map((span) => spanRoot(span, (id) => tiles.get(nameOf(id))?.hashes ?? []));
}

export async function writeTiles(db: Queryable, tiles: Tile[]): Promise<void> {
  await db.query(WRITE, [
    tiles.map(({ level }) => level),
    tiles.map(({ index }) => index),
    tiles.map(({ hashes }) => hashes.join('')),
  ]);
}

/** The root of a tree by its own partial tiles. */
export function edgeRoot(size: number, edge: Tile[]): string {
  return spanRoot({ begin: 0, end: size }, (id) => edge.find((tile) => nameOf(tile) === nameOf(id))?.hashes ?? []);
}

/** A hash as it stands in a column. */
export function bytesOfHash(hash: string): Buffer {
  return Buffer.from(bytesOfHex(hash));
}
