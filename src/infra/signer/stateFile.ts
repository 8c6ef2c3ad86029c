/**
 * What the signer signed last, in a file beside its key and apart from the database: no database that says otherwise is signed.
 * It is on the disk before the signature leaves the process. A state that is lost is not made up: an operator names it.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Checkpoint, parseCheckpoint } from '../../core/proof/checkpoint.ts';
import { EMPTY_ROOT } from '../../core/proof/merkle.ts';
import { parseNote } from '../../core/proof/note.ts';

export interface SignerState {
  checkpoint: Checkpoint;
  /** As it was signed; null before the first. */
  note: string | null;
}

interface Stored {
  origin: string;
  note: string | null;
}

export function emptyState(origin: string): SignerState {
  return { checkpoint: { origin, size: 0, root: EMPTY_ROOT }, note: null };
}

/** @returns undefined where there is no such file. @throws where it is not the state of this log */
export async function readState(file: string, origin: string): Promise<SignerState | undefined> {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const stored = JSON.parse(text) as Stored;
  if (stored.origin !== origin) throw new Error(`${file} is the state of ${stored.origin}, not of ${origin}`);
  return stored.note === null ? emptyState(origin) : stateOf(stored.note);
}

/** @throws {NoteFault} */
export function stateOf(note: string): SignerState {
  return { checkpoint: parseCheckpoint(parseNote(note).text), note };
}

/** Resolves when it would be found after a loss of power. */
export async function storeState(file: string, { checkpoint: { origin }, note }: SignerState): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  const written = await open(draft, 'wx', 0o600);
  try {
    await written.writeFile(`${JSON.stringify({ origin, note } satisfies Stored)}\n`);
    await written.sync();
  } finally {
    await written.close();
  }
  await rename(draft, file);
  const entry = await open(folder, 'r');
  await entry.sync().finally(() => entry.close());
}
