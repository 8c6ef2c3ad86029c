/** Files and folders under BLOB_DIR: written with their hash, flushed, listed and removed. */
import { createHash } from 'node:crypto';
import { type FileHandle, link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unless } from './files.ts';

export class TooLargeError extends Error {}

/** For the owner alone: what is brought before a court may be confidential. */
const FOLDER_MODE = 0o700;
const HEAD_BYTES = 16;
const HEX = /^[0-9a-f]{2}$/;
const NAME = /^[0-9a-f]{64}$/;

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

export interface KeptFile {
  sha256: string;
  /** When it was last written. */
  at_ms: number;
}

/** Files that were last written before then, some at a time. */
export async function* listOlder(folder: string, before_ms: number): AsyncGenerator<KeptFile[]> {
  for (const first of (await listFolder(folder)).filter((name) => HEX.test(name))) {
    for (const second of await listFolder(join(folder, first))) {
      const names = (await listFolder(join(folder, first, second))).filter((name) => NAME.test(name));
      const old: KeptFile[] = [];
      for (const sha256 of names) {
        const at_ms = await writtenAt(join(folder, first, second, sha256));
        if (at_ms < before_ms) old.push({ sha256, at_ms });
      }
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
  return (await writtenAt(path)) < before_ms;
}

/** Of a file that is gone: never. */
async function writtenAt(path: string): Promise<number> {
  return (await stat(path).catch(unless('ENOENT')))?.mtimeMs ?? Infinity;
}
