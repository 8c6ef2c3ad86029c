/** A signer that lost its state gets a checkpoint to go on from, named by an operator who kept it outside the database. */
import { parseCheckpoint } from '../../core/proof/checkpoint.ts';
import { openNote } from '../../core/proof/openNote.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { demandNoFork, storeEvidence } from './evidence.ts';
import { readKeyFile } from './keyFile.ts';
import type { SignerFiles } from './signerFiles.ts';
import { readState, storeState } from './stateFile.ts';

/**
 * Recorded in the database before it is done. Whether the log grew from there the signer sees for itself.
 * @param db of role `worker`
 * @returns the size it goes on from
 * @throws where the note is not signed by the signer's key, the state is there and no older, or another note of that size was
 * signed too: the two are kept
 */
export async function reanchor(db: Queryable, files: SignerFiles, note: string): Promise<number> {
  const key = await readKeyFile(files.logKey);
  if (key === undefined) throw new Error(`There is no key in ${files.logKey}.`);
  const { origin, size, root } = parseCheckpoint((await openNote(note, [key])).text);
  if (origin !== files.origin) throw new Error(`The checkpoint is of ${origin}, not of ${files.origin}.`);
  const state = await readState(files.state, origin);
  if (state && state.checkpoint.size >= size)
    throw new Error(`The state is there, of ${state.checkpoint.size} leaves.`);
  const named = { checkpoint: { origin, size, root }, note };
  await demandNoFork(db, key, named);
  await storeEvidence(db, 'reanchored', named, null);
  await storeState(files.state, named);
  return size;
}
