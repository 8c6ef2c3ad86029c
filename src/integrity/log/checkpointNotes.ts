/** Whether the notes of stored checkpoints are good: each signed by a key of the log, for the size and the root that stand beside it. */
import { parseCheckpoint } from '../../core/proof/checkpoint.ts';
import { type NoteKey, parseVkey } from '../../core/proof/keys.ts';
import { NoteFault } from '../../core/proof/note.ts';
import { openNote } from '../../core/proof/openNote.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { SignedTree } from './judgeLeaves.ts';

export interface StoredCheckpoint extends SignedTree {
  note: string | null;
}

const KEYS = `select vkey from log_keys where use = 'log'`;

/** Those that the database says the log has: what it rests on is compared at the levels above. */
export async function readLogKeys(db: Queryable): Promise<NoteKey[]> {
  const { rows } = await db.query<{ vkey: string | null }>(KEYS);
  return rows.flatMap(({ vkey }) => parseVkey(vkey ?? '') ?? []);
}

/** What is wrong with them, in their order. */
export async function noteIssues(checkpoints: readonly StoredCheckpoint[], keys: NoteKey[]): Promise<string[]> {
  const issues: string[] = [];
  for (const { size, root, note } of checkpoints) {
    const fault = await faultOf(note ?? '', { size, root }, keys);
    if (fault !== undefined) issues.push(`Checkpoint note of size ${size} ${fault}`);
  }
  return issues;
}

async function faultOf(note: string, { size, root }: SignedTree, keys: NoteKey[]): Promise<string | undefined> {
  try {
    const said = parseCheckpoint((await openNote(note, keys)).text);
    return said.size === size && said.root === root ? undefined : `says size ${said.size}, root ${said.root}`;
  } catch (fault) {
    if (!(fault instanceof NoteFault)) throw fault;
    return `is not good: ${fault.message}`;
  }
}
