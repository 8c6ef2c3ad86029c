/** A bundle under a checkpoint: what agrees with itself and is not what the log committed to is found. */
import { expect, test } from 'vitest';
import { sha256 } from '../../src/core/chain/sha256.ts';
import { merkleRoot } from '../../src/core/proof/merkle.ts';
import { startTreeProof, TreeProofFault } from '../../src/verifier/treeProof.ts';
import type { VerifyOptions } from '../../src/verifier/verifyBundle.ts';
import { type Bundle, bundleOf, historyOf, verified } from '../support/bundles.ts';
import { rewritten } from '../support/rewritten.ts';
import {
  consistencyOf,
  logOf,
  noteOf,
  ORIGIN,
  otherLeaves,
  proofOf,
  sealed,
  thief,
  VKEY,
} from '../support/sealedBundles.ts';

const history = historyOf('0.1.0-hearing.ndjson 1').events;
const bundle = bundleOf(history);
const clean = sealed(bundle);

const anchored = (one: Bundle, given: Partial<VerifyOptions> = {}) =>
  verified(one, { level: 'anchored', keys: [VKEY], ...given });
const withFile = (name: string, change: (text: string) => string): Bundle => ({
  ...clean,
  more: { ...clean.more, [name]: change(String(clean.more[name])) },
});
const foundIn = async (one: Bundle, given: Partial<VerifyOptions> = {}) => {
  const { verdict, findings } = await anchored(one, given);
  expect(verdict).toBe('tampered');
  return findings.map(({ check }) => check);
};

test('an intact bundle is anchored in the checkpoint that is in it, and in the same one from outside', async () => {
  const log = logOf(bundle);
  const anchor = { origin: ORIGIN, size: log.length, root: merkleRoot(log) };
  const report = await anchored(clean);
  expect(report).toMatchObject({ verdict: 'intact@anchored', findings: [], reasons: [], notes: [] });
  expect(report).toMatchObject({ anchor: { ...anchor, from: 'bundle' }, counts: { leaves: 14, checkpoints: 1 } });
  expect(await anchored(clean, { checkpoint: noteOf(log) })).toMatchObject({
    ...{ verdict: 'intact@anchored', anchor: { ...anchor, from: 'outside' } },
  });
});

test('a tree is proved from any of its leaves, whatever its size, and from no others', () => {
  for (let size = 1; size <= 33; size += 1) {
    const log = otherLeaves(0, size);
    for (const step of [1, 2, 3, 7, 40]) {
      const indexes = log.map((_, i) => i).filter((i) => i % step === 0);
      const { hashes } = proofOf(log, indexes);
      const rootOf = (leaves: string[], proof = hashes) => {
        const tree = startTreeProof(size, proof);
        for (const [i, leaf] of leaves.entries()) tree.add(indexes[i]!, leaf);
        return tree.root();
      };
      const leaves = indexes.map((i) => log[i]!);
      expect(rootOf(leaves)).toBe(merkleRoot(log));
      expect(rootOf(leaves.with(0, sha256('forged')))).not.toBe(merkleRoot(log));
      expect(() => rootOf(leaves, [...hashes, sha256('more')])).toThrow(TreeProofFault);
      if (hashes.length > 0) expect(() => rootOf(leaves, hashes.slice(1))).toThrow(TreeProofFault);
    }
  }
});

test('a record rewritten whole, every hash made anew, is not the one in the log', async () => {
  const forged = bundleOf(rewritten(history, 5, (payload) => ({ ...payload, text: 'Another word.' })));
  expect((await verified(forged)).verdict).toBe('intact@self');
  expect(await foundIn({ ...forged, more: clean.more })).toEqual(['leaf']);
});

test('a record rewritten whole and signed anew: with another key it is found by the key, with the stolen one by a kept checkpoint', async () => {
  const forged = bundleOf(rewritten(history, 5, (payload) => ({ ...payload, text: 'Another word.' })));
  expect(await foundIn(sealed(forged, logOf(forged), thief))).toEqual(['checkpoint']);
  const stolen = sealed(forged);
  expect((await anchored(stolen)).verdict).toBe('intact@anchored');
  const kept = { checkpoint: noteOf(logOf(bundle)) };
  expect(await foundIn(stolen, kept)).toEqual(['checkpoint']);
});

test('a checkpoint of another size is compared by the proof that the one grew into the other', async () => {
  const log = logOf(bundle);
  const later = [...log, ...otherLeaves(900, 9)];
  const consistency = consistencyOf(later, log.length);
  const kept = { checkpoint: noteOf(later) };
  const open = await anchored(clean, kept);
  expect(open).toMatchObject({ verdict: 'unverifiable', findings: [] });
  expect(open.reasons[0]).toContain(`consistency?from=${log.length}&to=${later.length}`);
  expect(await anchored(clean, { ...kept, consistency })).toMatchObject({ verdict: 'intact@anchored' });
  const earlier = { checkpoint: noteOf(log.slice(0, 7)), consistency: consistencyOf(log, 7) };
  expect(await anchored(clean, earlier)).toMatchObject({ verdict: 'intact@anchored', counts: { consistency: 1 } });
  const forged = sealed(bundleOf(rewritten(history, 5, () => ({}))));
  expect(await foundIn(forged, { ...kept, consistency })).toEqual(['checkpoint']);
});

test('what is missing is unverifiable: the proof, the checkpoint, a checkpoint that is none, events that came later', async () => {
  const without = (name: string) => {
    const { [name]: _, ...more } = clean.more;
    return anchored({ ...clean, more });
  };
  for (const name of ['proof.json', 'checkpoint.note']) {
    expect(await without(name)).toMatchObject({ verdict: 'unverifiable', findings: [], anchor: null });
  }
  expect(await anchored(clean, { checkpoint: 'nonsense' })).toMatchObject({ verdict: 'unverifiable' });
  expect(await anchored(clean, { keys: [] })).toMatchObject({
    verdict: 'tampered',
    findings: [{ check: 'checkpoint' }],
  });
  const log = logOf(bundle).slice(0, 12);
  const { verdict, reasons } = await anchored(sealed(bundle, log));
  expect({ verdict, reasons }).toEqual({
    verdict: 'unverifiable',
    reasons: [expect.stringContaining('not under the checkpoint yet')],
  });
});

test('a tail cut off everywhere in the bundle is found by the proof, which has more of it', async () => {
  const short = bundleOf(history.slice(0, -1));
  expect(await foundIn({ ...short, more: clean.more })).toEqual(['proof']);
});

test('a checkpoint with whichever byte changed, signature stripped or origin swapped is found', async () => {
  const note = String(clean.more['checkpoint.note']);
  for (let at = 0; at < note.length; at += 1) {
    const other = String.fromCharCode(note.charCodeAt(at) ^ 1);
    expect(await foundIn(withFile('checkpoint.note', () => note.slice(0, at) + other + note.slice(at + 1)))).toEqual([
      'checkpoint',
    ]);
  }
  expect(await foundIn(withFile('checkpoint.note', (text) => text.slice(0, text.indexOf('\n\n') + 2)))).toEqual([
    'checkpoint',
  ]);
  const elsewhere = noteOf(logOf(bundle), undefined, 'plearoll.example/another');
  expect(await foundIn(withFile('checkpoint.note', () => elsewhere))).toEqual(['checkpoint']);
});

test('a mangled proof proves nothing: each number and each hash of it counts, and nothing may be left over', async () => {
  const proof = JSON.parse(String(clean.more['proof.json']));
  const mangled = (change: (copy: any) => void) => {
    const copy = structuredClone(proof);
    change(copy);
    return foundIn(withFile('proof.json', () => JSON.stringify(copy)));
  };
  for (const i of proof.hashes.keys()) {
    expect(await mangled(({ hashes }) => hashes.splice(i, 1, sha256('x')))).toEqual(['leaf']);
    expect(await mangled(({ hashes }) => hashes.splice(i, 1))).toEqual(['proof']);
    expect(await mangled(({ hashes }) => hashes.splice(i, 1, hashes[i].toUpperCase()))).toEqual(['proof']);
  }
  for (const i of proof.leaves.keys()) {
    expect((await mangled(({ leaves }) => (leaves[i].index += 1)))[0]).toMatch(/^(proof|leaf)$/);
    expect((await mangled(({ leaves }) => (leaves[i].count += 1)))[0]).toMatch(/^(proof|leaf)$/);
  }
  const forms = [
    ...[{}, [], null, 'x', { ...proof, size: -1 }, { ...proof, leaves: [{ index: 1.5, count: 1 }] }],
    ...[
      { ...proof, size: proof.size + 1 },
      { ...proof, hashes: [1] },
      { ...proof, erasures: 'none' },
      { ...proof, origin: 'x' },
    ],
  ];
  for (const form of forms)
    expect(await foundIn(withFile('proof.json', () => JSON.stringify(form)))).toEqual(['proof']);
  expect(await foundIn(withFile('proof.json', () => '{'))).toEqual(['proof']);
});

test('what a bundle says of its keys changes nothing', async () => {
  const swapped = { ...clean, more: { ...clean.more, 'vkeys.txt': 'another+00000000+AAAA\n' } };
  expect((await anchored(swapped)).verdict).toBe('intact@anchored');
});
