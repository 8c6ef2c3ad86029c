/** Zips are written as they go out and read piece by piece; one that is damaged, or made to be work, is refused. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { zipped } from '../../src/infra/zipWriter.ts';
import { UnreadableBundle } from '../../src/verifier/source.ts';
import { openZip } from '../../src/verifier/zip.ts';

async function zipOf(files: { [name: string]: Uint8Array }, isStored = false): Promise<Buffer> {
  async function* entries() {
    for (const [name, file] of Object.entries(files)) yield { name, isStored, pieces: piecesOf(file) };
  }
  return collected(zipped(entries()));
}

async function* piecesOf(file: Uint8Array) {
  for (let at = 0; at < file.length; at += 10_000) yield file.subarray(at, at + 10_000);
}

async function collected(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

const inMemory = (bytes: Uint8Array) => ({
  size: bytes.length,
  read: async (offset: number, length: number) => bytes.subarray(offset, offset + length),
});

async function unzipped(zip: Uint8Array): Promise<{ [name: string]: Buffer }> {
  const source = await openZip(inMemory(zip));
  const files: { [name: string]: Buffer } = {};
  for (const name of source.names()) files[name] = await collected(source.open(name)!);
  return files;
}

const files = { 'a.txt': Buffer.from('word '.repeat(200_000)), 'ä/b': randomBytes(700_000), empty: Buffer.alloc(0) };

test.each([false, true])('what is written is what is read, stored: %s', async (isStored) => {
  const zip = await zipOf(files, isStored);
  expect(zip.length < 1_000_000).toBe(!isStored);
  const read = await unzipped(zip);
  expect(Object.keys(read)).toEqual(Object.keys(files));
  for (const [name, file] of Object.entries(files)) expect(read[name]!.equals(file)).toBe(true);
});

test('where an entry fails to come, so does the zip', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw new Error('the disk is gone');
  }
  async function* entries() {
    yield { name: 'a', pieces: failing() };
  }
  await expect(collected(zipped(entries()))).rejects.toThrow('the disk is gone');
});

test('a zip cut off anywhere is refused, and so is one with something behind it', async () => {
  const zip = await zipOf({ a: Buffer.from('abc'), b: randomBytes(50) });
  for (let length = 0; length < zip.length; length += 1) {
    await expect(unzipped(zip.subarray(0, length))).rejects.toThrow(UnreadableBundle);
  }
  await expect(unzipped(Buffer.concat([zip, Buffer.from('x')]))).rejects.toThrow('it is no zip');
});

test('whatever byte of a zip is another, it is read or refused, and nothing else is thrown', async () => {
  const zip = await zipOf({ a: Buffer.from('abc'.repeat(100)), b: randomBytes(50) });
  for (let at = 0; at < zip.length; at += 1) {
    const bytes = Buffer.from(zip);
    bytes[at]! ^= 0xff;
    await unzipped(bytes).catch((fault) => expect(fault).toBeInstanceOf(UnreadableBundle));
  }
});

/** The directory's entry of the first file. */
const directoryOf = (zip: Buffer) => zip.indexOf(Buffer.from('504b0102', 'hex'));

test('an entry that grows beyond the size it claims is refused, and a size that no packing gives', async () => {
  const zip = await zipOf({ a: Buffer.alloc(1_000_000) });
  const at = directoryOf(zip) + 24;
  zip.writeUInt32LE(999_999, at);
  await expect(unzipped(zip)).rejects.toThrow('a is larger than it claims');
  zip.writeUInt32LE(1_000_001, at);
  await expect(unzipped(zip)).rejects.toThrow('a is shorter than it claims');
  zip.writeUInt32LE(0xfff0_0000, at);
  await expect(unzipped(zip)).rejects.toThrow('a claims a size that cannot be');
});

test('two names for the same bytes, and one name twice, are refused', async () => {
  const zip = await zipOf({ a: Buffer.from('abc'), b: Buffer.from('abd') });
  const second = directoryOf(zip) + 46 + 1;
  const overlapping = Buffer.from(zip);
  overlapping.writeUInt32LE(0, second + 42);
  await expect(unzipped(overlapping)).rejects.toThrow('overlaps');
  const twice = Buffer.from(zip);
  twice.write('a', second + 46);
  await expect(unzipped(twice)).rejects.toThrow('has a twice');
});
