/** Leaves, tiles and checkpoints of a log that is broken in every place. */
import { expect, test } from 'vitest';
import { sha256 } from '../../src/core/chain/sha256.ts';
import { merkleRoot } from '../../src/core/proof/merkle.ts';
import { appendLeaves, type Tile } from '../../src/core/proof/tiles.ts';
import { assertCanariesFound, assertNewLeavesJudged } from '../../src/integrity/log/canaries.ts';
import { judgeLeaves, type LeafRow, NO_LEAVES, type SignedTree } from '../../src/integrity/log/judgeLeaves.ts';
import { judgeNewLeaves } from '../../src/integrity/log/unsigned.ts';

const SIZE = 600;
const hashes = Array.from({ length: SIZE }, (_, i) => sha256(`event ${i}`));
const rows: LeafRow[] = hashes.map((event_hash, index) => ({ index, stream: 's', sequence: index + 1, event_hash }));
const tiles = new Map(appendLeaves(0, [], hashes).map((tile) => [`${tile.level}/${tile.index}`, tile]));
const signed: SignedTree[] = [7, 256, 300, 600].map((size) => ({ size, root: merkleRoot(hashes.slice(0, size)) }));

/** Judged in pages of any length. */
function issuesOf(parts: { rows?: LeafRow[]; tiles?: Map<string, Tile>; signed?: SignedTree[] } = {}, page = 256) {
  const one = { rows, tiles, signed, ...parts };
  let tree = NO_LEAVES;
  const issues: string[] = [];
  for (let to = Math.min(page, SIZE); tree.size < SIZE; to = Math.min(to + page, SIZE)) {
    const own = one.rows.filter(({ index }) => index >= tree.size && index < to);
    const within = one.signed.filter(({ size }) => size > tree.size && size <= to);
    const judged = judgeLeaves(tree, to, own, ({ level, index }) => one.tiles.get(`${level}/${index}`)?.hashes, within);
    tree = judged.tree;
    issues.push(...judged.issues);
  }
  return issues;
}

const withTile = (name: string, change: (hashes: string[]) => string[]) =>
  new Map([...tiles, [name, { ...tiles.get(name)!, hashes: change(tiles.get(name)!.hashes) }]]);

test('a sound log has no issues, in pages of any length', () => {
  for (const page of [1, 100, 256, 300, 1_000]) expect(issuesOf({}, page)).toEqual([]);
});

test('an event that was rewritten is found at its leaf, whichever it is, and nothing else is', () => {
  for (const at of [0, 1, 255, 256, 598, 599]) {
    const forged = rows.with(at, { ...rows[at]!, event_hash: sha256('forged') });
    expect(issuesOf({ rows: forged })).toEqual([
      expect.stringMatching(`^Leaf mismatch at ${at}: .*event ${at + 1} of s=`),
    ]);
    expect(issuesOf({ rows: rows.with(at, { ...rows[at]!, event_hash: null }) })).toHaveLength(1);
    expect(issuesOf({ rows: rows.toSpliced(at, 1) })).toEqual([`Leaf missing: ${at}`]);
  }
});

test('a log that was rewritten with its events is found by what was signed', () => {
  const forged = hashes.with(100, sha256('forged'));
  const own = new Map(appendLeaves(0, [], forged).map((tile) => [`${tile.level}/${tile.index}`, tile]));
  const issues = issuesOf({ rows: rows.with(100, { ...rows[100]!, event_hash: forged[100]! }), tiles: own });
  expect(issues.map((text) => text.slice(0, 27))).toEqual([
    'Checkpoint mismatch at size',
    'Checkpoint mismatch at size',
    'Checkpoint mismatch at size',
  ]);
});

test('a tile and a checkpoint that were changed are found', () => {
  expect(issuesOf({ tiles: withTile('1/0', (all) => all.with(1, sha256('x'))) })).toEqual(['Tile mismatch: 1/0']);
  expect(issuesOf({ tiles: withTile('1/0', (all) => all.slice(0, 1)) })).toEqual(['Tile mismatch: 1/0']);
  expect(issuesOf({ tiles: withTile('0/2', (all) => all.slice(0, -1)) })[0]).toMatch(
    /^Leaf mismatch at 599: leaf=missing/,
  );
  const other = signed.with(1, { size: 256, root: sha256('x') });
  expect(issuesOf({ signed: other })).toEqual([expect.stringMatching(/^Checkpoint mismatch at size 256/)]);
});

test('a check that misses what was broken on purpose is not believed, nor one that finds what is not there', () => {
  expect(() => assertCanariesFound()).not.toThrow();
  expect(() => assertCanariesFound((...given) => ({ ...judgeLeaves(...given), issues: [] }))).toThrow('does not find');
  const jumpy: typeof judgeLeaves = (...given) => ({ ...judgeLeaves(...given), issues: ['x'] });
  expect(() => assertCanariesFound(jumpy)).toThrow('faults in a sound log');
});

test('a signer that does not see what was broken for it on purpose, or sees it everywhere, signs nothing', () => {
  expect(() => assertNewLeavesJudged()).not.toThrow();
  const blind: typeof judgeNewLeaves = (...given) => ({ ...judgeNewLeaves(...given), faults: [] });
  expect(() => assertNewLeavesJudged(blind)).toThrow('does not find a leaf');
  const jumpy: typeof judgeNewLeaves = (rows) =>
    judgeNewLeaves(
      rows,
      rows.map(() => ''),
    );
  expect(() => assertNewLeavesJudged(jumpy)).toThrow('finds a sound leaf bad');
});
