/** Hash tiles (C2SP tlog-tiles): of what is signed, and of nothing besides, so that none ever changes. */
import { Problem } from '../../core/definitions/problem.ts';
import { parseTilePath, TILE_WIDTH, type TileId } from '../../core/proof/tiles.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { readSignedSize } from '../../integrity/log/readCheckpoints.ts';
import { defineOpenRoute } from './anybody.ts';

const TILE = { name: 'read-tile-bytes', text: 'select hashes from log_tiles where level = $1 and index = $2' };

export const readTile = defineOpenRoute(
  {
    name: 'integrity.tile',
    route: 'GET /integrity/tile/:level/*path',
    summary: 'A tile of hashes, by its path as in tlog-tiles; a partial one ends in `.p/<width>`',
    media_type: 'application/octet-stream',
    rejects: [],
  },
  async ({ db, req, res }) => {
    const { level, path } = req.params as unknown as { level: string; path: string[] };
    const tile = parseTilePath([level, ...path].join('/'));
    const bytes = tile && (await db((on) => readTileBytes(on, tile)));
    if (!bytes) throw new Problem('not_found');
    res.set('Cache-Control', 'public, max-age=31536000, immutable').type('application/octet-stream').send(bytes);
  },
);

async function readTileBytes(
  db: Queryable,
  { level, index, width }: TileId & { width: number },
): Promise<Buffer | undefined> {
  const signed = Math.floor((await readSignedSize(db)) / TILE_WIDTH ** level);
  if (signed < index * TILE_WIDTH + width) return undefined;
  const { rows } = await db.query<{ hashes: Buffer }>({ ...TILE, values: [level, index] });
  return rows[0]?.hashes.subarray(0, 32 * width);
}
