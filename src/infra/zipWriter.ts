/**
 * Writes a zip as it goes out (PKWARE APPNOTE 6.3): sizes and checksums follow what they are of, so that nothing is held back and
 * nothing is written twice. Without zip64: four gigabytes are the most, and what comes to more is a fault.
 */

import { pipeline, Readable } from 'node:stream';
import { crc32, createDeflateRaw } from 'node:zlib';

export interface ZipEntry {
  name: string;
  /** Files are mostly packed already. */
  isStored?: boolean;
  pieces: AsyncIterable<Uint8Array>;
}

const MAX_BYTES = 0xffff_ffff;
/** UTF-8 names, and sizes that follow. */
const FLAGS = 0x0808;
/** The first day that a zip can name: the same record gives the same bytes. */
const DATE = 0x0021;
/** Of the text that is hashed hexadecimal digits are most, which the quickest level packs as well as any. */
const LEVEL = 1;

/** @throws {RangeError} beyond four gigabytes */
export async function* zipped(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Uint8Array> {
  const directory: Buffer[] = [];
  let offset = 0;
  for await (const { name, isStored = false, pieces } of entries) {
    const header = localHeader(name, isStored ? 0 : 8);
    yield header;
    const sums = { crc: 0, unpacked: 0 };
    const counted = counting(pieces, sums);
    let packed = 0;
    for await (const piece of isStored ? counted : deflated(counted)) {
      packed += piece.length;
      yield piece;
    }
    yield descriptor(sums.crc, packed, sums.unpacked);
    directory.push(directoryEntry(header, name, sums.crc, packed, sums.unpacked, offset));
    offset += header.length + packed + 16;
    if (Math.max(offset, sums.unpacked) > MAX_BYTES) throw new RangeError('a zip of more than four gigabytes');
  }
  const bytes = Buffer.concat(directory);
  yield bytes;
  yield end(directory.length, bytes.length, offset);
}

async function* counting(pieces: AsyncIterable<Uint8Array>, sums: { crc: number; unpacked: number }) {
  for await (const piece of pieces) {
    sums.crc = crc32(piece, sums.crc);
    sums.unpacked += piece.length;
    yield piece;
  }
}

/** Where the pieces fail, so does what comes of them. */
function deflated(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const deflate = createDeflateRaw({ level: LEVEL });
  pipeline(Readable.from(pieces), deflate, () => {});
  return deflate;
}

function localHeader(name: string, method: number): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(FLAGS, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt16LE(DATE, 12);
  header.writeUInt16LE(Buffer.byteLength(name), 26);
  return Buffer.concat([header, Buffer.from(name)]);
}

function descriptor(crc: number, packed: number, unpacked: number): Buffer {
  const bytes = Buffer.alloc(16);
  [0x08074b50, crc, packed, unpacked].forEach((value, i) => {
    bytes.writeUInt32LE(value, 4 * i);
  });
  return bytes;
}

function directoryEntry(
  local: Buffer,
  name: string,
  crc: number,
  packed: number,
  unpacked: number,
  offset: number,
): Buffer {
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(20, 4);
  local.copy(entry, 6, 4, 14);
  entry.writeUInt32LE(crc, 16);
  entry.writeUInt32LE(packed, 20);
  entry.writeUInt32LE(unpacked, 24);
  entry.writeUInt16LE(Buffer.byteLength(name), 28);
  entry.writeUInt32LE(offset, 42);
  return Buffer.concat([entry, Buffer.from(name)]);
}

function end(count: number, bytes: number, offset: number): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(bytes, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}
