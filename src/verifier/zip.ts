/**
 * Reads a zip piece by piece, in a browser as in Node (PKWARE APPNOTE 6.3; stored and deflated, no zip64, no encryption). Names,
 * places and sizes are those of the directory at its end; entries that overlap, or grow beyond the size they claim, are
 * refused, so that a small file cannot make much work. Checksums are not looked at: the hashes of the record are stronger.
 */
import { type BundleSource, UnreadableBundle } from './source.ts';

/** A file or a blob, any part of which can be read. */
export interface RandomAccess {
  size: number;
  /** @returns exactly so many bytes */
  read(offset: number, length: number): Promise<Uint8Array>;
}

interface Entry {
  name: string;
  method: number;
  packed: number;
  unpacked: number;
  offset: number;
}

const END_BYTES = 22;
const MAX_COMMENT = 0xffff;
const LOCAL_BYTES = 30;
const DIRECTORY_BYTES = 46;
const MAX_DIRECTORY_BYTES = 16_777_216;
const PIECE_BYTES = 262_144;
const STORED = 0;
const DEFLATED = 8;
/** What deflate can make of one byte at the very most. */
const MAX_RATIO = 1_032;

/** @throws {UnreadableBundle} where it is no zip, or one that nobody makes honestly */
export async function openZip(file: RandomAccess): Promise<BundleSource> {
  const entries = new Map<string, Entry>();
  for (const entry of await readDirectory(file)) {
    if (entries.has(entry.name)) throw new UnreadableBundle(`the zip has ${entry.name} twice`);
    entries.set(entry.name, entry);
  }
  assertApart([...entries.values()]);
  return {
    names: () => [...entries.keys()],
    open: (name) => {
      const entry = entries.get(name);
      return entry && unpacked(file, entry);
    },
  };
}

async function readDirectory(file: RandomAccess): Promise<Entry[]> {
  const tailBytes = Math.min(file.size, END_BYTES + MAX_COMMENT);
  const tail = viewOf(await file.read(file.size - tailBytes, tailBytes));
  let end = tailBytes - END_BYTES;
  while (end >= 0 && !isEnd(tail, end)) end -= 1;
  if (end < 0) throw new UnreadableBundle('it is no zip, or it is cut off');
  const count = tail.getUint16(end + 10, true);
  const bytes = tail.getUint32(end + 12, true);
  const offset = tail.getUint32(end + 16, true);
  if (bytes > MAX_DIRECTORY_BYTES) throw new UnreadableBundle(`its directory takes ${bytes} bytes`);
  if (offset + bytes > file.size) throw new UnreadableBundle('its directory lies outside of it');
  return entriesOf(viewOf(await file.read(offset, bytes)), count);
}

/** The comment after it reaches to the very end: nothing can be hung on. */
function isEnd(tail: DataView, at: number): boolean {
  return tail.getUint32(at, true) === 0x06054b50 && at + END_BYTES + tail.getUint16(at + 20, true) === tail.byteLength;
}

function entriesOf(directory: DataView, count: number): Entry[] {
  const entries: Entry[] = [];
  const utf8 = new TextDecoder();
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (at + DIRECTORY_BYTES > directory.byteLength || directory.getUint32(at, true) !== 0x02014b50) {
      throw new UnreadableBundle('its directory is damaged');
    }
    const flags = directory.getUint16(at + 8, true);
    const method = directory.getUint16(at + 10, true);
    const nameBytes = directory.getUint16(at + 28, true);
    const next =
      at + DIRECTORY_BYTES + nameBytes + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
    if (next > directory.byteLength) throw new UnreadableBundle('its directory is damaged');
    const name = utf8.decode(new Uint8Array(directory.buffer, directory.byteOffset + at + DIRECTORY_BYTES, nameBytes));
    const entry = {
      ...{ name, method, packed: directory.getUint32(at + 20, true), unpacked: directory.getUint32(at + 24, true) },
      offset: directory.getUint32(at + 42, true),
    };
    if ((flags & 1) !== 0 || (method !== STORED && method !== DEFLATED)) {
      throw new UnreadableBundle(`${name} is packed in a way that is not read here`);
    }
    if (entry.unpacked > (method === STORED ? entry.packed : MAX_RATIO * entry.packed)) {
      throw new UnreadableBundle(`${name} claims a size that cannot be`);
    }
    if (!name.endsWith('/')) entries.push(entry);
    at = next;
  }
  return entries;
}

function assertApart(entries: Entry[]): void {
  let end = 0;
  for (const { name, offset, packed } of entries.toSorted((a, b) => a.offset - b.offset)) {
    if (offset < end) throw new UnreadableBundle(`${name} overlaps with what lies before it`);
    end = offset + LOCAL_BYTES + packed;
  }
}

async function* unpacked(file: RandomAccess, entry: Entry): AsyncGenerator<Uint8Array> {
  let left = entry.unpacked;
  const pieces = entry.method === STORED ? packedPieces(file, entry) : inflated(packedPieces(file, entry), entry.name);
  for await (const piece of pieces) {
    left -= piece.length;
    if (left < 0) throw new UnreadableBundle(`${entry.name} is larger than it claims`);
    yield piece;
  }
  if (left > 0) throw new UnreadableBundle(`${entry.name} is shorter than it claims`);
}

async function* packedPieces(file: RandomAccess, { name, offset, packed }: Entry): AsyncGenerator<Uint8Array> {
  if (offset + LOCAL_BYTES > file.size) throw new UnreadableBundle(`${name} lies outside of the zip`);
  const header = viewOf(await file.read(offset, LOCAL_BYTES));
  if (header.getUint32(0, true) !== 0x04034b50) throw new UnreadableBundle(`${name} is not where it should be`);
  const from = offset + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
  if (from + packed > file.size) throw new UnreadableBundle(`${name} is cut off`);
  for (let at = 0; at < packed; at += PIECE_BYTES) {
    yield await file.read(from + at, Math.min(PIECE_BYTES, packed - at));
  }
}

async function* inflated(pieces: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = await pieces.next();
      if (piece.done) controller.close();
      else controller.enqueue(piece.value);
    },
  });
  const reader = source.pipeThrough(new DecompressionStream('deflate-raw') as never).getReader();
  try {
    for (;;) {
      const { done, value } = await (reader.read() as Promise<{ done: boolean; value?: Uint8Array }>);
      if (done) return;
      yield value!;
    }
  } catch (fault) {
    throw fault instanceof UnreadableBundle ? fault : new UnreadableBundle(`${name} does not unpack`);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
