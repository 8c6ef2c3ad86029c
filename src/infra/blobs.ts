/**
 * Files beside the record, in BLOB_DIR, each under its SHA-256 in two levels of folders. A file is written under a
 * passing name, hashed as it comes, flushed to the disk and only then renamed, so that what has its final name is whole.
 * The folder belongs to one installation; its APIs and workers share it.
 */
import { randomUUID } from 'node:crypto';
import { link, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Blobs, NamedFile } from '../core/definitions/files.ts';
import { isOlder, type KeptFile, listOlder, makeFolder, putBack, removeOlder, writeHashed } from './blobFiles.ts';
import { type CheckedFile, findFileFault, openChecked } from './checkedFile.ts';
import { flushFolder, readIfThere, unless } from './files.ts';

/** A file that was taken in and has no final name yet. */
export interface Draft extends NamedFile {
  /** Its first bytes. */
  head: Uint8Array;
  /** Gives it its final name; durable when it resolves. */
  keep(): Promise<void>;
  /** Nothing is left of it. After `keep` there is nothing to do. */
  discard(): Promise<void>;
}

export interface BlobStore extends Blobs {
  /** To be closed, whatever is wrong with it. */
  openChecked(file: NamedFile): Promise<CheckedFile>;
  /** Writes the installation's id into a folder that has no owner. @returns the owner's id */
  claim(installation: string): Promise<string>;
  /** The id of the installation that has claimed the folder, if one has. */
  readOwner(): Promise<string | undefined>;
  /** Takes the stream in, piece by piece. @throws {TooLargeError}; whatever it throws, nothing is left */
  receive(stream: AsyncIterable<Uint8Array>, max_bytes: number): Promise<Draft>;
  /** Removes passing files that were not written to since then. @returns how many */
  sweepDrafts(before_ms: number): Promise<number>;
  /** Files that were last brought in before then, some at a time. */
  listOlder(before_ms: number): AsyncGenerator<KeptFile[]>;
  /** Removes the file unless it was brought in again since then. @returns whether it did */
  remove(sha256: string, before_ms: number): Promise<boolean>;
}

const DRAFTS = 'drafts';
const OWNER = 'installation';
/** For the owner alone: what is brought before a court may be confidential. */
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
    return readIfThere(join(folder, OWNER));
  }

  async function receive(stream: AsyncIterable<Uint8Array>, max_bytes: number): Promise<Draft> {
    await makeFolder(drafts);
    const path = join(drafts, randomUUID());
    const handle = await open(path, 'wx', FILE_MODE);
    const discard = () => rm(path, { force: true });
    try {
      const facts = await writeHashed(handle, stream, max_bytes);
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

  async function openFile(sha256: string): Promise<Readable> {
    return (await open(pathOf(sha256), 'r')).createReadStream();
  }

  /** It is taken aside first: the same bytes brought in from then on make a file of their own. */
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

  return {
    claim,
    readOwner,
    receive,
    findFault: (file) => findFileFault(pathOf(file.sha256), file),
    openChecked: (file) => openChecked(pathOf(file.sha256), file),
    open: openFile,
    sweepDrafts: (before_ms) => removeOlder(drafts, before_ms),
    listOlder: (before_ms) => listOlder(folder, before_ms),
    remove,
  };
}
