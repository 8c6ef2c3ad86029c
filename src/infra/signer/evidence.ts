/** What was seen that may not be: two checkpoints of one size that differ, both signed. It is kept for good. */

import type { NoteKey } from '../../core/proof/keys.ts';
import { openNote } from '../../core/proof/openNote.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { SignerState } from './stateFile.ts';

/** Two trees of one size were signed, or the database has one that was not. */
export class ForkedLog extends Error {}

const OTHER = `
  select note from log_checkpoints where size = $1 and root <> decode($2, 'hex')`;

const RECORD = `
  insert into log_evidence (kind, size, note, other) values ($1, $2, $3, $4) on conflict do nothing`;

export async function storeEvidence(
  db: Queryable,
  kind: 'fork' | 'reanchored',
  { checkpoint: { size }, note }: SignerState,
  other: string | null,
): Promise<void> {
  await db.query(RECORD, [kind, size, note, other]);
}

/**
 * @param db outside of a transaction that is rolled back: what was found stays
 * @throws {ForkedLog} where the database has another checkpoint of this size, which is kept where the key signed it too
 */
export async function demandNoFork(db: Queryable, key: NoteKey, state: SignerState): Promise<void> {
  const { size, root } = state.checkpoint;
  const other = (await db.query<{ note: string }>(OTHER, [size, root])).rows[0]?.note;
  if (other === undefined) return;
  const isSigned = await openNote(other, [key]).then(
    () => true,
    () => false,
  );
  if (!isSigned) throw new ForkedLog(`The checkpoint of ${size} leaves in the database is none that was signed.`);
  await storeEvidence(db, 'fork', state, other);
  throw new ForkedLog(`Two checkpoints of ${size} leaves were signed, and they differ: both are kept in log_evidence.`);
}
