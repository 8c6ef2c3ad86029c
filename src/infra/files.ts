/** Files of our own that a loss of power may not take: read where there are any, and on the disk when they were written. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** For nobody but the user that runs us. */
export const PRIVATE = { folder: 0o700, file: 0o600 };
/** As the user has it. */
const USUAL = { folder: 0o777, file: 0o666 };

/** For catch: lets these errors pass as undefined, and throws every other on. */
export function unless(...codes: string[]): (fault: unknown) => undefined {
  return (fault) => {
    if (!codes.includes((fault as NodeJS.ErrnoException).code ?? '')) throw fault;
    return undefined;
  };
}

/** @returns undefined where there is no such file */
export function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(unless('ENOENT'));
}

/** A new name is on the disk when its folder is. */
export async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Appends, in a folder that is made where there is none. On the disk when it resolves. */
export async function appendDurably(file: string, text: string, modes = USUAL): Promise<void> {
  await writeDurably(file, text, 'a', modes);
  await flushFolder(dirname(file));
}

/** The whole of a private file at once: what was there before stays until all of it is on the disk. */
export async function replaceDurably(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeDurably(draft, text, 'wx', PRIVATE);
  await rename(draft, file);
  await flushFolder(dirname(file));
}

/** A private file that is made once: where several make it at a time, what the first wrote stays. */
export async function makeOnce(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeDurably(draft, text, 'wx', PRIVATE);
    await link(draft, file).catch(unless('EEXIST'));
  } finally {
    await rm(draft, { force: true });
  }
  await flushFolder(dirname(file));
}

async function writeDurably(file: string, text: string, flags: 'a' | 'wx', modes: typeof PRIVATE): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: modes.folder });
  const handle = await open(file, flags, modes.file);
  try {
    await handle.appendFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
