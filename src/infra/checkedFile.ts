/**
 * A file under its hash, opened once: checked, and then read out of the same open file. It is hashed again as it goes,
 * and its last piece goes out only where all of it was as recorded: what ends is what was checked, whatever is done to
 * the file meanwhile.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { NamedFile } from '../core/definitions/files.ts';
import { unless } from './files.ts';

export interface CheckedFile {
  /** What is wrong with it, in words. */
  fault: string | undefined;
  /** Its bytes, where nothing is wrong with it; they end with a fault where they are not the same any more. */
  read(): Readable;
  close(): Promise<void>;
}

const PIECE_BYTES = 2 ** 18;
const MISSING: CheckedFile = { fault: 'is missing', read: () => Readable.from([]), close: async () => {} };

export class FileChangedError extends Error {}

export async function openChecked(path: string, file: NamedFile): Promise<CheckedFile> {
  const handle = await open(path, 'r').catch(unless('ENOENT'));
  if (!handle) return MISSING;
  try {
    const fault = await findFault(handle, file);
    return { fault, read: () => Readable.from(whole(handle, file)), close: () => handle.close() };
  } catch (fault) {
    await handle.close();
    throw fault;
  }
}

/** @returns what is wrong with the file under its final name */
export async function findFileFault(path: string, file: NamedFile): Promise<string | undefined> {
  const { fault, close } = await openChecked(path, file);
  await close();
  return fault;
}

async function findFault(handle: FileHandle, { sha256, size_bytes }: NamedFile): Promise<string | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of pieces(handle)) {
    hash.update(piece);
    bytes += piece.length;
  }
  const computed = hash.digest('hex');
  if (computed === sha256 && bytes === size_bytes) return undefined;
  return `was changed: recorded=${sha256} of ${size_bytes} bytes, computed=${computed} of ${bytes} bytes`;
}

async function* whole(handle: FileHandle, { sha256 }: NamedFile): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let held: Buffer | undefined;
  for await (const piece of pieces(handle)) {
    hash.update(piece);
    if (held) yield held;
    held = piece;
  }
  if (hash.digest('hex') !== sha256) throw new FileChangedError(`the file ${sha256} was changed while it was sent`);
  if (held) yield held;
}

const pieces = (handle: FileHandle): AsyncIterable<Buffer> =>
  handle.createReadStream({ start: 0, autoClose: false, highWaterMark: PIECE_BYTES });
