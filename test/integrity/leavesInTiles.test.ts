/** Leaves beside the tiles that they should stand in: in their places, in the order of their events, and no tile is read twice in a row. */
import { expect, test } from 'vitest';
import { sha256 } from '../../src/core/chain/sha256.ts';
import { startTilesAtHand } from '../../src/integrity/sweep/leavesInTiles.ts';
import type { SweptStream } from '../../src/integrity/sweep/sweptRows.ts';
import { isEverything } from '../support/everything.ts';

const SIZE = 1_000;
const LEAVES = Array.from({ length: SIZE }, (_, index) => sha256(`leaf ${index}`));

const bytesOf = (...hashes: string[]) => Buffer.from(hashes.join(''), 'hex');

/** Every third leaf is of the one stream, the others are of the other. */
function streamOf(indexes: number[], changes: Partial<SweptStream> = {}): SweptStream {
  const leaves = Buffer.alloc(8 * indexes.length);
  for (const [n, index] of indexes.entries()) leaves.writeBigInt64BE(BigInt(index), 8 * n);
  return {
    ...{ stream: 'session:1', events: indexes.length, is_hashed: true, is_sound: true },
    ...{ leaves: indexes.length > 0 ? leaves : null, leaf_count: indexes.length, last_leaf: indexes.length },
    hashes: bytesOf(...indexes.map((index) => LEAVES[index] ?? '')),
    ...changes,
  };
}
const thirds = LEAVES.map((_, index) => index).filter((index) => index % 3 === 0);
const others = LEAVES.map((_, index) => index).filter((index) => index % 3 !== 0);

function tilesAtHand(leaves = LEAVES) {
  const asked: number[][] = [];
  const tiles = startTilesAtHand(async (indexes) => {
    asked.push(indexes);
    return new Map(indexes.map((index) => [index, bytesOf(...leaves.slice(256 * index, 256 * index + 256))]));
  });
  return { tiles, asked };
}

test('leaves that are their events are where they should be, and their tiles are read once', async () => {
  const { tiles, asked } = tilesAtHand();
  expect(await tiles.hold([streamOf(thirds), streamOf([]), streamOf(others)])).toBe(true);
  expect(await tiles.hold([streamOf([999])])).toBe(true);
  expect(asked).toEqual([[0, 1, 2, 3]]);
});

test('every leaf that is another, or is not there, is missed', async () => {
  for (const index of LEAVES.keys()) {
    if (!isEverything && index % 37 > 0 && index % 256 > 1 && index < SIZE - 2) continue;
    const { tiles } = tilesAtHand(LEAVES.with(index, sha256('forged')));
    expect(await tiles.hold([streamOf(thirds), streamOf(others)])).toBe(false);
  }
  expect(await tilesAtHand(LEAVES.slice(0, 999)).tiles.hold([streamOf(thirds)])).toBe(false);
  expect(await tilesAtHand([]).tiles.hold([streamOf([0])])).toBe(false);
});

test.each([
  ['two leaves exchanged', streamOf([3, 0])],
  ['one leaf twice', streamOf([0, 0])],
  ['an event without a leaf before one that has one', streamOf([0, 3], { last_leaf: 3 })],
  ['hashes that are not those of the columns', streamOf([0], { is_hashed: false })],
  ['a leaf before the first', streamOf([-1], { hashes: bytesOf(LEAVES[0]!) })],
  ['a leaf of another event', streamOf([1], { hashes: bytesOf(LEAVES[0]!) })],
  ['a leaf far behind the last', streamOf([2 ** 40 + 1], { hashes: bytesOf(LEAVES[1]!) })],
  ['a leaf whose event has no hash', streamOf([0], { hashes: null })],
])('%s is seen', async (_, stream) => {
  expect(await tilesAtHand().tiles.hold([stream])).toBe(false);
});
