/** The store of files: what is in it is whole and under its hash, or not there at all. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TooLargeError } from '../../src/infra/blobFiles.ts';
import { type BlobStore, openBlobs } from '../../src/infra/blobs.ts';
import { filesIn } from '../support/exhibits.ts';

let folder: string;
let blobs: BlobStore;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'plearoll-blobs-')), 'made', 'when needed');
  blobs = openBlobs(folder);
});

afterEach(() => rmSync(join(folder, '../..'), { recursive: true }));

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const receive = (...chunks: string[]) => blobs.receive(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), 20);

test('a file is kept under its hash, for its owner alone, and read again', async () => {
  const draft = await receive('one ', 'two ', 'three ', 'four');
  const sha256 = hashOf('one two three four');
  expect(draft).toMatchObject({ sha256, size_bytes: 18 });
  expect(Buffer.from(draft.head).toString()).toBe('one two three fo');
  await draft.keep();
  await draft.discard();
  const path = `${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;
  expect(filesIn(folder)).toEqual([path]);
  expect(statSync(join(folder, path)).mode & 0o777).toBe(0o600);
  expect((await buffer(await blobs.open(sha256))).toString()).toBe('one two three four');
  expect(await blobs.findFault({ sha256, size_bytes: 18 })).toBeUndefined();
  expect(await blobs.findFault({ sha256, size_bytes: 17 })).toContain('was changed');
});

test('the same bytes are one file', async () => {
  for (const draft of await Promise.all([receive('same'), receive('same')])) await draft.keep();
  expect(filesIn(folder)).toHaveLength(1);
});

test('nothing is left of what is discarded, is too large, or ends in the middle', async () => {
  await (await receive('discarded')).discard();
  await expect(receive('x'.repeat(10), 'y'.repeat(11))).rejects.toThrow(TooLargeError);
  const cut = async function* () {
    yield Buffer.from('half');
    throw new Error('cut off');
  };
  await expect(blobs.receive(cut(), 20)).rejects.toThrow('cut off');
  expect(filesIn(folder)).toEqual([]);
});

test('what is not there is missing', async () => {
  expect(await blobs.findFault({ sha256: hashOf('none'), size_bytes: 4 })).toBe('is missing');
  await expect(blobs.open(hashOf('none'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await blobs.sweepDrafts(Date.now())).toBe(0);
  expect(await blobs.remove(hashOf('none'), Date.now())).toBe(false);
});

test('a folder belongs to who claims it first', async () => {
  expect(await blobs.readOwner()).toBeUndefined();
  expect(await Promise.all([blobs.claim('one'), blobs.claim('one')])).toEqual(['one', 'one']);
  expect(await blobs.claim('two')).toBe('one');
  expect(filesIn(folder)).toEqual([]);
});
