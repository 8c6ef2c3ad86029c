/** A witness cosigns what grew, and nothing else: each refusal of the specification, and the state that it is judged by. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkpointText } from '../../../src/core/proof/checkpoint.ts';
import { noteKey } from '../../../src/core/proof/keys.ts';
import { EMPTY_ROOT, leafHash, merkleRoot } from '../../../src/core/proof/merkle.ts';
import { formatNote, parseSignature } from '../../../src/core/proof/note.ts';
import { openNote, verifySignature } from '../../../src/core/proof/openNote.ts';
import { drawSeed, signingKey, signText } from '../../../src/core/proof/signNote.ts';
import { MOST_REQUEST_BYTES, parseRequest, requestText } from '../../../src/core/proof/witness.ts';
import { readState } from '../../../src/infra/signer/stateFile.ts';
import { createWitness, evidenceFile, prepareWitness, type Witness } from '../../../src/infra/witness/witness.ts';
import { consistencyOf } from '../../support/trees.ts';

const origin = 'court.example/log';
const logKey = signingKey(origin, 'ed25519', drawSeed());
const leaves = Array.from({ length: 9 }, (_, i) => leafHash(`event ${i}`));
/** Where the last event is another. */
const forged = (size: number) => [...leaves.slice(0, size - 1), leafHash('forged')];

const noteOf = (size: number, { of = leaves, key = logKey, name = origin } = {}) => {
  const text = checkpointText({ origin: name, size, root: merkleRoot(of.slice(0, size)) });
  return formatNote({ text, signatures: [signText(text, key)] });
};
const request = (old: number, size: number, note = noteOf(size), of = leaves) =>
  requestText({ old, hashes: consistencyOf(of, old, size), note });

let folder: string;
let stateFile: string;
let warned: string[];
let now: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plearoll-witness-'));
  stateFile = join(folder, 'state.json');
  warned = [];
  now = 1_700_000_000_999;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function start(logKeys = [noteKey(origin, 'ed25519', logKey.public_key)]) {
  const key = await prepareWitness(origin, stateFile, join(folder, 'key'), 'witness.example/w1');
  const tools = { logKeys, key, stateFile, now: () => now, warn: (text: string) => warned.push(text) };
  return { key, witness: createWitness(tools) };
}
const cosignedSize = async () => (await readState(stateFile, origin))!.checkpoint.size;

test('growth is cosigned with the time, its state is on the disk, and the line stands under the note', async () => {
  const { key, witness } = await start();
  for (const [old, size] of [
    [0, 3],
    [3, 3],
    [3, 8],
    [8, 9],
  ] as const) {
    const answer = await witness.answer(request(old, size));
    if (answer.status !== 200) throw new Error(JSON.stringify(answer));
    const signed = [expect.objectContaining({ name: origin }), expect.objectContaining({ time: 1_700_000_000 })];
    expect((await openNote(`${noteOf(size)}${answer.line}`, [logKey, key])).signed_by).toEqual(signed);
    expect((await readState(stateFile, origin))!.note).toBe(noteOf(size));
  }
  expect(warned).toEqual([]);
});

test('the example of the specification of cosignatures has the form that is cosigned', async () => {
  const { witness, key } = await start();
  const answer = await witness.answer(request(0, 1));
  const line = parseSignature((answer as { line: string }).line.trimEnd())!;
  expect(line.signature).toHaveLength(72);
  expect(await verifySignature(`${origin}\n1\nother\n`, line, key)).toBeUndefined();
});

describe('it is refused', () => {
  let witness: Witness;
  beforeEach(async () => {
    ({ witness } = await start());
    expect(await witness.answer(request(0, 5))).toMatchObject({ status: 200 });
  });
  afterEach(async () => expect(await cosignedSize()).toBe(5));
  const refused = (body: string) => witness.answer(body);

  test('with 409 and the size that was cosigned last, where the old size is another', async () => {
    for (const [old, size] of [
      [0, 8],
      [3, 8],
      [8, 9],
      [0, 3],
    ] as const)
      expect(await refused(request(old, size))).toMatchObject({ status: 409, size: 5 });
  });

  test('with 409 and no size, where the same size was cosigned with another root: both notes are kept, once', async () => {
    const fork = noteOf(5, { of: forged(5) });
    for (let i = 0; i < 2; i += 1) {
      const answer = await refused(requestText({ old: 5, hashes: [], note: fork }));
      expect(answer).toEqual({ status: 409, reason: 'another root was cosigned at 5' });
    }
    expect(await readFile(evidenceFile(stateFile), 'utf8')).toBe(`${noteOf(5)}\n${fork}\n`);
    expect(warned).toEqual([expect.stringContaining('the log has signed two trees of 5 leaves')]);
  });

  test('with both notes kept, where the fork names another old size', async () => {
    const fork = noteOf(5, { of: forged(5) });
    expect(await refused(request(0, 5, fork, forged(5)))).toMatchObject({ status: 409, size: 5 });
    expect(await readFile(evidenceFile(stateFile), 'utf8')).toContain(fork);
  });

  test('with 422, where the proof is another, cut, longer, or where nothing grew and there is one', async () => {
    const [good, note] = [consistencyOf(leaves, 5, 8), noteOf(8)];
    const rewritten = [leafHash('rewritten'), ...leaves.slice(1)];
    const bad = [
      requestText({ old: 5, hashes: good.slice(1), note }),
      requestText({ old: 5, hashes: [...good, EMPTY_ROOT], note }),
      requestText({ old: 5, hashes: good.toReversed(), note }),
      request(5, 8, noteOf(8, { of: rewritten }), rewritten),
      requestText({ old: 5, hashes: good, note: noteOf(5) }),
    ];
    for (const body of bad) expect(await refused(body)).toMatchObject({ status: 422 });
    expect(warned).toEqual(['no proof that 8 grew from 5', 'no proof that 5 grew from 5']);
  });

  test('with 403, where no key of the log signed it, or its signature does not verify', async () => {
    const other = signingKey(origin, 'ed25519', drawSeed());
    expect(await refused(request(5, 8, noteOf(8, { key: other })))).toMatchObject({ status: 403 });
    const moved = noteOf(8).replace('\n8\n', '\n9\n');
    expect(await refused(request(5, 8, moved))).toMatchObject({ status: 403 });
    expect(warned).toEqual([]);
  });

  test('with 404, where it is of another log', async () => {
    const elsewhere = signingKey('elsewhere', 'ed25519', drawSeed());
    const note = noteOf(8, { key: elsewhere, name: 'elsewhere' });
    expect(await refused(request(5, 8, note))).toMatchObject({ status: 404 });
    expect(await refused(request(5, 8, noteOf(8, { name: 'elsewhere' })))).toMatchObject({ status: 404 });
  });

  test('with 400, where the old size is beyond it', async () => {
    expect(await refused(requestText({ old: 9, hashes: [], note: noteOf(8) }))).toMatchObject({ status: 400 });
  });

  test.each<[string, (body: string) => string]>([
    ['is empty', () => ''],
    ['has no old size', (body) => body.replace(/^old 5\n/, '')],
    ['has a size with a zero before it', (body) => body.replace('old 5', 'old 05')],
    ['has a negative size', (body) => body.replace('old 5', 'old -5')],
    ['has a size beyond what is counted', (body) => body.replace('old 5', 'old 9999999999999999')],
    ['has a second space', (body) => body.replace('old 5', 'old  5')],
    ['ends its lines otherwise', (body) => body.replaceAll('\n', '\r\n')],
    ['has no empty line', (body) => body.replace('\n\n', '\n')],
    ['has a hash that is too short', (body) => body.replace(/\n[^\n]{4}/, '\n')],
    ['has a hash that is no base64', (body) => body.replace(/\n[^\n]{4}/, '\n!!!!')],
    [
      'has 64 hashes',
      () => requestText({ old: 5, hashes: Array.from({ length: 64 }, () => EMPTY_ROOT), note: noteOf(8) }),
    ],
    ['has no signature', (body) => body.replace(/\n\u2014.*\n/, '')],
    ['has a line of extension', (body) => body.replace('\n8\n', '\n8\nmore\n')],
    ['is cut', (body) => body.slice(0, -1)],
  ])('with 400, where it %s', async (_, change) => {
    const body = request(5, 8);
    expect(change(body)).not.toBe(body);
    expect(await refused(change(body))).toMatchObject({ status: 400 });
  });
});

test('of two forks that come at once one is cosigned', async () => {
  const { witness } = await start();
  const fork = noteOf(3, { of: forged(3) });
  const answers = await Promise.all([witness.answer(request(0, 3)), witness.answer(request(0, 3, fork, forged(3)))]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(await readFile(evidenceFile(stateFile), 'utf8')).toContain(fork);
});

test('what was cosigned is remembered by the next process, whose key is the same', async () => {
  const first = await start();
  await first.witness.answer(request(0, 5));
  const second = await start();
  expect(second.key.key_id).toBe(first.key.key_id);
  expect(await second.witness.answer(request(0, 8))).toMatchObject({ status: 409, size: 5 });
  expect(await second.witness.answer(request(5, 8))).toMatchObject({ status: 200 });
});

test('a witness whose state is lost cosigns nothing, neither before its next start nor after', async () => {
  const { witness } = await start();
  await witness.answer(request(0, 5));
  await rm(stateFile);
  await expect(witness.answer(request(0, 8))).rejects.toThrow('there is no state');
  await expect(start()).rejects.toThrow('put it back');
});

test('nothing is cosigned that could not be written down', async () => {
  const { witness } = await start();
  await witness.answer(request(0, 5));
  const state = await readFile(stateFile);
  await writeFile(stateFile, 'no state');
  await expect(witness.answer(request(5, 8))).rejects.toThrow();
  await writeFile(stateFile, state);
  expect(await witness.answer(request(5, 8))).toMatchObject({ status: 200 });
});

test('a log that took a new key is cosigned with either', async () => {
  const newer = signingKey(origin, 'ed25519', drawSeed());
  const { witness } = await start([logKey, newer]);
  expect(await witness.answer(request(0, 3))).toMatchObject({ status: 200 });
  expect(await witness.answer(request(3, 5, noteOf(5, { key: newer })))).toMatchObject({ status: 200 });
});

test('a request is read as it was written, and fits where its proof is as long as any', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
  const any = fc.record({ old: fc.nat(), hashes: fc.array(hash, { maxLength: 63 }), note: fc.string() });
  fc.assert(
    fc.property(any, (one) => {
      expect(parseRequest(requestText(one))).toEqual(one);
    }),
  );
  const most = { old: 2 ** 53 - 1, hashes: Array.from({ length: 63 }, () => EMPTY_ROOT), note: noteOf(9) };
  expect(requestText(most).length).toBeLessThan(MOST_REQUEST_BYTES);
});
