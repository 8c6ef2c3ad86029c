/**
 * What the signer signed last, in a file beside its key and apart from the database: no database that says otherwise is signed.
 * It is on the disk before the signature leaves the process. A state that is lost is not made up: an operator names it.
 */
import { type Checkpoint, parseCheckpoint } from '../../core/proof/checkpoint.ts';
import { EMPTY_ROOT } from '../../core/proof/merkle.ts';
import { parseNote } from '../../core/proof/note.ts';
import { makeOnce, readIfThere, replaceDurably } from '../files.ts';

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
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const stored = JSON.parse(text) as Stored;
  if (stored.origin !== origin) throw new Error(`${file} is the state of ${stored.origin}, not of ${origin}`);
  return stored.note === null ? emptyState(origin) : stateOf(stored.note);
}

/** @throws {NoteFault} */
export function stateOf(note: string): SignerState {
  return { checkpoint: parseCheckpoint(parseNote(note).text), note };
}

/** For a log of which nothing was ever signed: a state that is there stays, also one that another signer made meanwhile. */
export async function makeState(file: string, origin: string): Promise<void> {
  await makeOnce(file, `${JSON.stringify({ origin, note: null } satisfies Stored)}\n`);
}

/** Resolves when it would be found after a loss of power. */
export async function storeState(file: string, { checkpoint: { origin }, note }: SignerState): Promise<void> {
  await replaceDurably(file, `${JSON.stringify({ origin, note } satisfies Stored)}\n`);
}
