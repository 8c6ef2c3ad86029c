/**
 * One checkpoint: what is new in the log is recomputed, the state is on the disk, and then it is signed. A log that is not
 * what grew from the state is never signed, whatever the database says.
 */
import type pg from 'pg';
import { type Checkpoint, checkpointText } from '../../src/core/proof/checkpoint.ts';
import { formatNote } from '../../src/core/proof/note.ts';
import { type SigningKey, signText } from '../../src/core/proof/signNote.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import { demandNoFork } from '../../src/infra/signer/evidence.ts';
import { readState, type SignerState, storeState } from '../../src/infra/signer/stateFile.ts';
import { assertNewLeavesJudged } from '../../src/integrity/log/canaries.ts';
import { cutLog } from '../../src/integrity/log/cutLog.ts';
import { bytesOfHash } from '../../src/integrity/log/tileRows.ts';
import { type BadLeaf, recomputeGrowth } from '../../src/integrity/log/unsigned.ts';

export interface SigningTools {
  /** Role `worker`. */
  pool: pg.Pool;
  key: SigningKey;
  origin: string;
  stateFile: string;
  /** Told of the moments at which a test may end the process. */
  reach?(point: 'stored' | 'signed' | 'cut'): void;
}

export type Signing = { signed: Checkpoint; isAll: boolean } | { bad: BadLeaf[] } | undefined;

/** Signers on several hosts, or two of one file, take turns. */
const TURN = `select pg_try_advisory_xact_lock(hashtextextended('sign checkpoint', 1)) as is_ours`;

const LATEST = 'select size, note from log_checkpoints order by size desc limit 1';

const PUBLISH = `
  insert into log_checkpoints (size, root, note) values ($1, $2, $3) on conflict (size) do nothing`;

/** The state was lost, or is older than what was signed by it: an operator has to name a checkpoint. */
export class LostState extends Error {}

/** @returns undefined where nothing has grown, or another signer is at it. @throws {InconsistentLog | LostState | ForkedLog} */
export async function signCheckpoint(tools: SigningTools): Promise<Signing> {
  const { pool, key, stateFile, origin, reach } = tools;
  assertNewLeavesJudged();
  const signing = await inTransaction<Signing>(
    pool,
    async (db) => {
      if (!(await db.query<{ is_ours: boolean }>(TURN)).rows[0]!.is_ours) return undefined;
      const state = await demandState(db, tools);
      const grown = await recomputeGrowth(db, state.checkpoint);
      if (grown === undefined) return undefined;
      if ('bad' in grown) return grown;
      const signed = { origin, size: grown.size, root: grown.root };
      const text = checkpointText(signed);
      const note = formatNote({ text, signatures: [signText(text, key)] });
      await storeState(stateFile, { checkpoint: signed, note });
      reach?.('stored');
      await publish(db, { checkpoint: signed, note });
      return { signed, isAll: grown.isAll };
    },
    { begin: 'begin isolation level repeatable read' },
  );
  if (signing && 'signed' in signing) reach?.('signed');
  if (signing && 'bad' in signing) await cut(tools, signing.bad);
  return signing;
}

/** The state, after what it says was signed is known to the database too. @throws {LostState | ForkedLog} */
async function demandState(db: Queryable, { pool, key, stateFile: file, origin }: SigningTools): Promise<SignerState> {
  const state = await readState(file, origin);
  const { rows } = await db.query<{ size: number; note: string }>(LATEST);
  const latest = rows[0];
  if (state === undefined) throw new LostState(`there is no state in ${file}`);
  const { size } = state.checkpoint;
  if (latest && latest.size > size)
    throw new LostState(`the state is of ${size}, and ${latest.size} leaves are signed`);
  // A signer that was ended between the two has told nobody of it yet.
  if (state.note !== null && latest?.size !== size) await publish(db, state);
  await demandNoFork(pool, key, state);
  return state;
}

async function publish(db: Queryable, { checkpoint: { size, root }, note }: SignerState): Promise<void> {
  await db.query(PUBLISH, [size, bytesOfHash(root), note]);
}

async function cut(tools: SigningTools, bad: BadLeaf[]): Promise<void> {
  await inTransaction(tools.pool, async (db) => {
    if (!(await db.query<{ is_ours: boolean }>(TURN)).rows[0]!.is_ours) return;
    const state = await demandState(db, tools);
    await cutLog(db, state.checkpoint, bad);
  });
  tools.reach?.('cut');
}
