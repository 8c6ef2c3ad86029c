/** Files and folders under BLOB_DIR: written with their hash, flushed, listed, compared and removed. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedFile } from '../core/definitions/files.ts';
import { unless } from './files.ts';

export class TooLargeError extends Error {}

/** For the owner alone: what is brought before a court may be confidential. */
const FOLDER_MODE = 0o700;
const HEAD_BYTES = 16;
const HEX = /^[0-9a-f]{2}$/;
const NAME = /^[0-9a-f]{64}$/;

/** @returns what is wrong with the file under its final name */
export async function findFileFault(path: string, { sha256, size_bytes }: NamedFile): Promise<string | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 })) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return 'is missing';
    throw fault;
  }
  const computed = hash.digest('hex');
  if (computed === sha256 && bytes === size_bytes) return undefined;
  return `was changed: recorded=${sha256} of ${size_bytes} bytes, computed=${computed} of ${bytes} bytes`;
}

/** Removes the files that were not written to since then. @returns how many */
export async function removeOlder(folder: string, before_ms: number): Promise<number> {
  let removed = 0;
  for (const name of await listFolder(folder)) {
    const path = join(folder, name);
    if (!(await isOlder(path, before_ms))) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}

/** Names of files that were last written before then, some at a time. */
export async function* listOlder(folder: string, before_ms: number): AsyncGenerator<string[]> {
  for (const first of (await listFolder(folder)).filter((name) => HEX.test(name))) {
    for (const second of await listFolder(join(folder, first))) {
      const names = (await listFolder(join(folder, first, second))).filter((name) => NAME.test(name));
      const old: string[] = [];
      for (const name of names) if (await isOlder(join(folder, first, second, name), before_ms)) old.push(name);
      if (old.length > 0) yield old;
    }
  }
}

export async function writeHashed(handle: FileHandle, stream: AsyncIterable<Uint8Array>, max_bytes: number) {
  const hash = createHash('sha256');
  const head = Buffer.alloc(HEAD_BYTES);
  let size_bytes = 0;
  for await (const chunk of stream) {
    if (size_bytes < HEAD_BYTES) head.set(chunk.subarray(0, HEAD_BYTES - size_bytes), size_bytes);
    size_bytes += chunk.length;
    if (size_bytes > max_bytes) throw new TooLargeError(`more than ${max_bytes} bytes`);
    hash.update(chunk);
    await handle.writeFile(chunk);
  }
  return { sha256: hash.digest('hex'), size_bytes, head: head.subarray(0, Math.min(size_bytes, HEAD_BYTES)) };
}

/** Unless it was gone already, or there is another by now. */
export async function putBack(aside: string, path: string): Promise<void> {
  await link(aside, path).catch(unless('EEXIST', 'ENOENT'));
}

export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: FOLDER_MODE });
}

async function listFolder(path: string): Promise<string[]> {
  return ((await readdir(path).catch(unless('ENOENT'))) ?? []).sort();
}

export async function isOlder(path: string, before_ms: number): Promise<boolean> {
  const found = await stat(path).catch(unless('ENOENT'));
  return found !== undefined && found.mtimeMs < before_ms;
}
