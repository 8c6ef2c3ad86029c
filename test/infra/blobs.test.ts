/** The store of files: what is in it is whole and under its hash, or not there at all. */
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TooLargeError } from '../../src/infra/blobFiles.ts';
import { type BlobStore, openBlobs } from '../../src/infra/blobs.ts';
import { type CheckedFile, FileChangedError } from '../../src/infra/checkedFile.ts';
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

describe('a file that is being sent', () => {
  const LONG = 300_000;
  const read = async (file: CheckedFile) => {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of file.read()) pieces.push(piece);
      return { text: Buffer.concat(pieces).toString(), ended: true };
    } catch (fault) {
      return { text: Buffer.concat(pieces).toString(), ended: fault };
    } finally {
      await file.close();
    }
  };

  async function checked(): Promise<{ text: string; path: string; file: CheckedFile }> {
    const text = 'a'.repeat(LONG);
    const draft = await blobs.receive(Readable.from([Buffer.from(text)]), LONG);
    await draft.keep();
    const { sha256 } = draft;
    const file = await blobs.openChecked({ sha256, size_bytes: LONG });
    expect(file.fault).toBeUndefined();
    return { text, path: join(folder, sha256.slice(0, 2), sha256.slice(2, 4), sha256), file };
  }

  test('goes out as it was checked, where another takes its place or it is removed', async () => {
    const { text, path, file } = await checked();
    rmSync(path);
    writeFileSync(path, 'b'.repeat(LONG));
    expect(await read(file)).toEqual({ text, ended: true });
  });

  test.each([
    ['its last byte', LONG - 1],
    ['its first byte', 0],
  ])('does not end where %s is changed', async (_, at) => {
    const { text, path, file } = await checked();
    const handle = openSync(path, 'r+');
    writeSync(handle, 'b', at);
    closeSync(handle);
    const sent = await read(file);
    expect(sent.ended).toBeInstanceOf(FileChangedError);
    expect(sent.text.length).toBeLessThan(text.length);
  });

  test('is not sent where it is missing', async () => {
    expect((await blobs.openChecked({ sha256: hashOf('none'), size_bytes: 4 })).fault).toBe('is missing');
  });
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
