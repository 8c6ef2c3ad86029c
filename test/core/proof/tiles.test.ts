/** Tiles: a tree that grows by batches of any size is the same tree, and every proof is made from few of them. */
import { describe, expect, test } from 'vitest';
import { consistencySpans, inclusionSpans, leafHash, merkleRoot } from '../../../src/core/proof/merkle.ts';
import { provesConsistency, provesInclusion } from '../../../src/core/proof/proofs.ts';
import {
  appendLeaves,
  edgeOf,
  parseTilePath,
  spanRoot,
  type Tile,
  type TileId,
  tilePath,
  tilesOf,
} from '../../../src/core/proof/tiles.ts';

const nameOf = ({ level, index }: TileId) => `${level}/${index}`;
const leavesOf = (count: number) => Array.from({ length: count }, (_, i) => leafHash(String(i)));

/** Stored tiles, as a table has them: the widest of each. */
function createStore() {
  const tiles = new Map<string, Tile>();
  let size = 0;
  const read = (id: TileId) => tiles.get(nameOf(id))?.hashes ?? [];
  return {
    tiles,
    read,
    size: () => size,
    append(leaves: string[]) {
      const edge = edgeOf(size).map((id) => ({ ...id, hashes: read(id) }));
      const grown = appendLeaves(size, edge, leaves);
      for (const tile of grown) tiles.set(nameOf(tile), tile);
      size += leaves.length;
      return grown;
    },
    root: (of = size) => spanRoot({ begin: 0, end: of }, read),
  };
}

describe('a tree in tiles', () => {
  const leaves = leavesOf(70_000);
  const whole = createStore();
  whole.append(leaves);

  test('is the example of tlog-tiles', () => {
    expect(whole.root()).toBe(merkleRoot(leaves));
    const partial = [...whole.tiles.values()].filter(({ hashes }) => hashes.length < 256);
    expect(whole.tiles.size).toBe(273 + 1 + 1 + 1 + 1);
    expect(partial.map(({ level, hashes }) => [level, hashes.length])).toEqual([
      [0, 112],
      [1, 17],
      [2, 1],
    ]);
  });

  test('is the same however large the batches are', () => {
    const store = createStore();
    for (let width = 1; store.size() < 3_000; width = (width * 7) % 613) {
      store.append(leaves.slice(store.size(), Math.min(3_000, store.size() + width)));
    }
    expect([store.size(), store.root()]).toEqual([3_000, merkleRoot(leaves.slice(0, 3_000))]);
    expect(store.read({ level: 0, index: 11 })).toEqual(leaves.slice(2_816, 3_000));
    expect(store.read({ level: 1, index: 0 })).toEqual(whole.read({ level: 1, index: 0 }).slice(0, 11));
  });

  test('has at every size before the root of that size', () => {
    for (const size of [0, 1, 2, 255, 256, 257, 511, 512, 513, 1_024, 1_099, 1_100]) {
      expect([size, whole.root(size)]).toEqual([size, merkleRoot(leaves.slice(0, size))]);
    }
  });

  test('gives out tiles that grew, and no others', () => {
    const store = createStore();
    expect(store.append(leavesOf(256)).map((tile) => [nameOf(tile), tile.hashes.length])).toEqual([
      ['0/0', 256],
      ['1/0', 1],
    ]);
    expect(store.append(leavesOf(2)).map((tile) => [nameOf(tile), tile.hashes.length])).toEqual([['0/1', 2]]);
    expect(store.append([])).toEqual([]);
  });

  test('does not grow from an edge that is not its own', () => {
    expect(() => appendLeaves(3, [], leavesOf(1))).toThrow(RangeError);
    expect(() => appendLeaves(1, [{ level: 0, index: 0, hashes: leavesOf(2) }], leavesOf(1))).toThrow(RangeError);
  });

  test('proves leaves and growth across tiles, and reads no more than it needs', () => {
    const root = whole.root();
    for (const index of [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]) {
      const spans = inclusionSpans(index, leaves.length);
      const needed = tilesOf(spans);
      expect(needed.length).toBeLessThanOrEqual(5);
      const names = new Set(needed.map(nameOf));
      const read = (id: TileId) => (names.has(nameOf(id)) ? whole.read(id) : []);
      const hashes = spans.map((span) => spanRoot(span, read));
      expect(provesInclusion({ index, size: leaves.length, leaf: leaves[index]!, hashes }, root)).toBe(true);
    }
    for (const from of [1, 255, 256, 300, 65_536, 65_537, 69_999, 70_000]) {
      const hashes = consistencySpans(from, leaves.length).map((span) => spanRoot(span, whole.read));
      expect(provesConsistency({ from, to: leaves.length, hashes }, whole.root(from), root)).toBe(true);
    }
  });

  test('that lacks hashes gives no root', () => {
    expect(() => spanRoot({ begin: 0, end: 3 }, () => leavesOf(2))).toThrow(RangeError);
  });
});

describe("a tile's path", () => {
  test.each<[TileId, number, string]>([
    [{ level: 0, index: 0 }, 256, '0/000'],
    [{ level: 0, index: 273 }, 112, '0/273.p/112'],
    [{ level: 3, index: 1_234_067 }, 256, '3/x001/x234/067'],
    [{ level: 63, index: 1_000 }, 1, '63/x001/000.p/1'],
  ])('of %j, %i wide, is %s', (id, width, path) => {
    expect(tilePath(id, width)).toBe(path);
    expect(parseTilePath(path)).toEqual({ ...id, width });
  });

  test.each([
    '',
    '0',
    '0/0',
    '0/0000',
    '0/x000/000',
    '64/000',
    '00/000',
    '0/x001/x234/67',
    '0/001/234',
    '0/000.p/0',
    '0/000.p/256',
    '0/000.p/01',
    '0/000.p/999',
    '-1/000',
    '0/000/',
    '0/x001/x001/x001/x001/x001/000',
  ])('is not %j', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });
});
