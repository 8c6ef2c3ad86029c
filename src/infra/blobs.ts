/**
 * Files beside the record, in BLOB_DIR, each under its SHA-256 in two levels of folders. A file is written under a
 * passing name, hashed as it comes, flushed to the disk and only then renamed, so that what has its final name is whole.
 * The folder belongs to one installation; its APIs and workers share it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Blobs, NamedFile } from '../core/definitions/files.ts';

/** A file that was taken in and has no final name yet. */
export interface Draft extends NamedFile {
  /** Its first bytes. */
  head: Uint8Array;
  /** Gives it its final name; durable when it resolves. */
  keep(): Promise<void>;
  /** Nothing is left of it. After `keep` there is nothing to do. */
  discard(): Promise<void>;
}

export class TooLargeError extends Error {}

export interface BlobStore extends Blobs {
  /** Writes into the folder whose it is, where nobody has. @returns whose it is */
  claim(installation: string): Promise<string>;
  /** Whose it is; undefined where nobody has claimed it. */
  readOwner(): Promise<string | undefined>;
  /** Takes the stream in, piece by piece. @throws {TooLargeError}; whatever it throws, nothing is left */
  receive(stream: AsyncIterable<Uint8Array>, max_bytes: number): Promise<Draft>;
  /** Removes passing files that nobody has written to since then. @returns how many */
  sweepDrafts(before_ms: number): Promise<number>;
  /** Files that were last brought in before then, some at a time. */
  listOlder(before_ms: number): AsyncGenerator<string[]>;
  /** Removes the file unless somebody has brought it in again since then. @returns whether it did */
  remove(sha256: string, before_ms: number): Promise<boolean>;
}

const HEAD_BYTES = 16;
const HEX = /^[0-9a-f]{2}$/;
const NAME = /^[0-9a-f]{64}$/;
const DRAFTS = 'drafts';
const OWNER = 'installation';
/** For the owner alone: what is brought before a court may be confidential. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** @param folder is made when it is first needed */
export function openBlobs(folder: string): BlobStore {
  const drafts = join(folder, DRAFTS);
  const pathOf = (sha256: string) => join(folder, sha256.slice(0, 2), sha256.slice(2, 4), sha256);

  async function claim(installation: string): Promise<string> {
    await makeFolder(drafts);
    const draft = join(drafts, randomUUID());
    await writeFile(draft, installation, { mode: FILE_MODE, flush: true });
    await link(draft, join(folder, OWNER)).catch(unless('EEXIST'));
    await rm(draft);
    return (await readOwner())!;
  }

  async function readOwner(): Promise<string | undefined> {
    return readFile(join(folder, OWNER), 'utf8').catch(unless('ENOENT'));
  }

  async function receive(stream: AsyncIterable<Uint8Array>, max_bytes: number): Promise<Draft> {
    await makeFolder(drafts);
    const path = join(drafts, randomUUID());
    const handle = await open(path, 'wx', FILE_MODE);
    const discard = () => rm(path, { force: true });
    try {
      const facts = await write(handle, stream, max_bytes);
      await handle.sync();
      await handle.close();
      return { ...facts, keep: () => keep(path, facts.sha256), discard };
    } catch (fault) {
      await handle.close().catch(() => {});
      await discard();
      throw fault;
    }
  }

  /** Over one of the same bytes too, so that its time says when it was last brought in. */
  async function keep(draft: string, sha256: string): Promise<void> {
    const path = pathOf(sha256);
    await makeFolder(dirname(path));
    await rename(draft, path);
    for (const one of [dirname(path), dirname(dirname(path)), folder]) await flushFolder(one);
  }

  async function findFault({ sha256, size_bytes }: NamedFile): Promise<string | undefined> {
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      for await (const chunk of createReadStream(pathOf(sha256), { highWaterMark: 2 ** 18 })) {
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

  async function openFile(sha256: string): Promise<Readable> {
    return (await open(pathOf(sha256), 'r')).createReadStream();
  }

  async function sweepDrafts(before_ms: number): Promise<number> {
    let removed = 0;
    for (const name of await listFolder(drafts)) {
      const path = join(drafts, name);
      if (!(await isOlder(path, before_ms))) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }

  async function* listOlder(before_ms: number): AsyncGenerator<string[]> {
    for (const first of (await listFolder(folder)).filter((name) => HEX.test(name))) {
      for (const second of await listFolder(join(folder, first))) {
        const names = (await listFolder(join(folder, first, second))).filter((name) => NAME.test(name));
        const old: string[] = [];
        for (const name of names) if (await isOlder(pathOf(name), before_ms)) old.push(name);
        if (old.length > 0) yield old;
      }
    }
  }

  /** It is taken aside first: whoever brings the same bytes in from then on makes a file of their own. */
  async function remove(sha256: string, before_ms: number): Promise<boolean> {
    const path = pathOf(sha256);
    const aside = join(drafts, randomUUID());
    await makeFolder(drafts);
    await rename(path, aside).catch(unless('ENOENT'));
    const isOld = await isOlder(aside, before_ms);
    if (!isOld) await putBack(aside, path);
    await rm(aside, { force: true });
    return isOld;
  }

  return { claim, readOwner, receive, findFault, open: openFile, sweepDrafts, listOlder, remove };
}

async function write(handle: FileHandle, stream: AsyncIterable<Uint8Array>, max_bytes: number) {
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
async function putBack(aside: string, path: string): Promise<void> {
  await link(aside, path).catch((fault: NodeJS.ErrnoException) => {
    if (fault.code !== 'EEXIST' && fault.code !== 'ENOENT') throw fault;
  });
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: FOLDER_MODE });
}

/** A new name is on the disk when its folder is. */
async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function listFolder(path: string): Promise<string[]> {
  return ((await readdir(path).catch(unless('ENOENT'))) ?? []).sort();
}

async function isOlder(path: string, before_ms: number): Promise<boolean> {
  const found = await stat(path).catch(unless('ENOENT'));
  return found !== undefined && found.mtimeMs < before_ms;
}

/** For catch: lets this error pass as undefined, and throws every other on. */
function unless(code: string): (fault: NodeJS.ErrnoException) => undefined {
  return (fault) => {
    if (fault.code !== code) throw fault;
    return undefined;
  };
}
