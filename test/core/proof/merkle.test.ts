/** The tree against its definition: every proof for all sizes up to 64 (34 in a short run), trees whose roots are published, and tiles. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  consistencySpans,
  createGrowingTree,
  EMPTY_ROOT,
  inclusionSpans,
  leafHash,
  merkleRoot,
  type Span,
} from '../../../src/core/proof/merkle.ts';
import { provesConsistency, provesInclusion, rootOfInclusion } from '../../../src/core/proof/proofs.ts';
import { isEverything } from '../../support/everything.ts';

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** MTH of RFC 6962, section 2.1, word for word. */
function naiveRoot(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** Beyond two powers of two. */
const MOST = isEverything ? 64 : 34;
const leaves = Array.from({ length: MOST }, (_, i) => sha256(Buffer.of(0), Buffer.from(`leaf ${i}`)));
const hexes = leaves.map((leaf) => leaf.toString('hex'));
const roots = Array.from({ length: MOST + 1 }, (_, size) => naiveRoot(leaves.slice(0, size)).toString('hex'));
const hashesOf = (spans: Span[]) => spans.map(({ begin, end }) => naiveRoot(leaves.slice(begin, end)).toString('hex'));
/** Another hash: one bit is turned. */
const turned = (hash: string) => hash.replace(/^./, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16));

test('the roots of the published tree, size 0 included', () => {
  const entries = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const published = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const hashes = entries.map((entry) => leafHash(Buffer.from(entry, 'hex')));
  expect(published.map((_, size) => merkleRoot(hashes.slice(0, size)))).toEqual(published);
  expect(EMPTY_ROOT).toBe(published[0]);
});

test('a tree that grows has at every size the root of its definition', () => {
  const tree = createGrowingTree();
  expect(tree.root()).toBe(roots[0]);
  for (let size = 1; size <= MOST; size += 1) {
    tree.append(hexes[size - 1]!);
    expect([tree.size(), tree.root()]).toEqual([size, roots[size]]);
  }
});

describe(`for all m <= n <= ${MOST}`, () => {
  test('every leaf is proved, and neither another leaf, place, size, root nor a shorter, longer or bent proof', () => {
    const wrong: object[] = [];
    for (let size = 1; size <= MOST; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const leaf = hexes[index]!;
        const root = roots[size]!;
        const hashes = hashesOf(inclusionSpans(index, size));
        const good = { index, size, leaf, hashes };
        if (rootOfInclusion(good) !== root || provesInclusion(good, turned(root))) wrong.push(good);
        const bent = hashes.map((hash, at) => ({ ...good, hashes: hashes.with(at, turned(hash)) }));
        const bad = [
          { ...good, leaf: turned(leaf) },
          { ...good, index: index + 1 },
          { ...good, index: index - 1 },
          { ...good, hashes: hashes.slice(1) },
          { ...good, hashes: hashes.slice(0, -1) },
          { ...good, hashes: [...hashes, root] },
          ...bent,
        ].filter((proof) => proof.hashes.length !== hashes.length || JSON.stringify(proof) !== JSON.stringify(good));
        wrong.push(...bad.filter((proof) => provesInclusion(proof, root)));
      }
    }
    expect(wrong).toEqual([]);
  });

  test('growth is proved, and neither other roots, other sizes nor a shorter, longer or bent proof', () => {
    const wrong: object[] = [];
    for (let to = 1; to <= MOST; to += 1) {
      for (let from = 1; from <= to; from += 1) {
        const hashes = hashesOf(consistencySpans(from, to));
        const good = { from, to, hashes };
        const proves = (proof: typeof good, old = roots[from]!, root = roots[to]!) =>
          provesConsistency(proof, old, root);
        const bad = [
          proves(good, turned(roots[from]!)),
          proves(good, roots[from], turned(roots[to]!)),
          proves({ ...good, hashes: [...hashes, roots[to]!] }),
          from < to && proves({ ...good, hashes: hashes.slice(0, -1) }),
          proves({ ...good, from: from - 1 }),
          ...hashes.map((hash, at) => proves({ ...good, hashes: hashes.with(at, turned(hash)) })),
        ];
        if (!proves(good) || bad.includes(true)) wrong.push({ from, to, bad });
      }
    }
    expect(wrong).toEqual([]);
  });
});

test('an inner node is no leaf, and the last leaf is not counted twice', () => {
  const [a, b, c] = hexes as [string, string, string];
  const inner = merkleRoot([a, b]);
  expect(provesInclusion({ index: 0, size: 2, leaf: inner, hashes: [c] }, roots[3]!)).toBe(true);
  // The size says how deep a leaf is: in the tree of three the proof of the first has two hashes.
  expect(provesInclusion({ index: 0, size: 3, leaf: inner, hashes: [c] }, roots[3]!)).toBe(false);
  expect(merkleRoot([a, b, c, c])).not.toBe(roots[3]);
});

test('no proof is asked for a leaf that is not there, or from a tree that is larger', () => {
  for (const [index, size] of [
    [0, 0],
    [1, 1],
    [-1, 2],
    [0.5, 2],
    [0, 2 ** 53],
  ] as const) {
    expect(() => inclusionSpans(index, size)).toThrow(RangeError);
  }
  for (const [from, to] of [
    [2, 1],
    [-1, 1],
    [1, 1.5],
  ] as const)
    expect(() => consistencySpans(from, to)).toThrow(RangeError);
  expect(consistencySpans(0, 5)).toEqual([]);
});

test('proofs in trees of 2^40 leaves have as few hashes as the tree is deep', () => {
  expect(inclusionSpans(2 ** 39 + 5, 2 ** 40)).toHaveLength(40);
  expect(consistencySpans(2 ** 39 + 1, 2 ** 40)).toHaveLength(41);
});

/** Published with transparency-dev/merkle at 417fb0c3 (Apache License 2.0), one probe a line. */
describe('the probes of transparency-dev/merkle', () => {
  interface Probe {
    kind: 'inclusion' | 'consistency';
    file: string;
    wantErr: boolean;
    proof: string[];
    [field: string]: any;
  }
  const lines = readFileSync(join(import.meta.dirname, 'probes.ndjson'), 'utf8')
    .trimEnd()
    .split('\n');
  const probes = lines.map((line) => JSON.parse(line) as Probe);
  const hex = (base64: string) => Buffer.from(base64 ?? '', 'base64').toString('hex');

  /** Of one good probe the roots are text; the rule that a proof is of hashes is ours. */
  const areHashes = ({ root1, root2 }: Probe | { [field: string]: any }) =>
    [root1, root2].every((root) => root === undefined || hex(root).length === 64);

  test('are answered as published, every one', () => {
    const wrong = probes.filter(({ kind, wantErr, proof, ...probe }) => {
      const hashes = proof.map(hex);
      const proves =
        kind === 'inclusion'
          ? provesInclusion(
              { index: probe.leafIdx, size: probe.treeSize, leaf: hex(probe.leafHash), hashes },
              hex(probe.root),
            )
          : provesConsistency({ from: probe.size1, to: probe.size2, hashes }, hex(probe.root1), hex(probe.root2));
      return proves !== (!wantErr && areHashes(probe));
    });
    expect(wrong.map(({ file }) => file)).toEqual([]);
    expect([probes.length, probes.filter(({ wantErr }) => !wantErr).length]).toEqual([196, 12]);
  });
});
