/** What a run is compared with that does not come from the database: the signer's state, and the checkpoint that was given. */
import { type Checkpoint, parseCheckpoint } from '../../src/core/proof/checkpoint.ts';
import { parseVkey } from '../../src/core/proof/keys.ts';
import { NoteFault } from '../../src/core/proof/note.ts';
import { openNote } from '../../src/core/proof/openNote.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { SignerFiles } from '../../src/infra/signer/signerFiles.ts';
import { readState } from '../../src/infra/signer/stateFile.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Anchors } from '../../src/integrity/runs/verifyRun.ts';
import type { RunClaim } from './integrityRuns.ts';

export type AnchorFiles = Pick<SignerFiles, 'origin' | 'state'>;

const KEYS = `select vkey from log_keys where use = 'log' limit 1000`;

export async function readAnchors(
  db: Queryable,
  { level, checkpoint }: Pick<RunClaim, 'level' | 'checkpoint'>,
  files: AnchorFiles,
  log: Pick<Log, 'warn'>,
): Promise<Anchors> {
  if (level === 'self') return { signer: undefined, given: undefined };
  const given = checkpoint === null ? undefined : await openCheckpoint(db, checkpoint, files.origin);
  return { signer: await signedLast(files, log), given };
}

/** What the signer signed last. On another host than its own there is no such file; one that cannot be read says as little. */
export async function signedLast(
  { state, origin }: AnchorFiles,
  log: Pick<Log, 'warn'>,
): Promise<Checkpoint | undefined> {
  try {
    const signed = await readState(state, origin);
    return signed === undefined || signed.note === null ? undefined : signed.checkpoint;
  } catch (err) {
    log.warn({ err }, 'signer state unreadable');
    return undefined;
  }
}

/** @returns undefined for a note that none of the log's keys has signed: nothing follows from it */
async function openCheckpoint(db: Queryable, note: string, origin: string): Promise<Checkpoint | undefined> {
  const { rows } = await db.query<{ vkey: string }>(KEYS);
  const keys = rows.flatMap(({ vkey }) => parseVkey(vkey) ?? []);
  try {
    const checkpoint = parseCheckpoint((await openNote(note, keys)).text);
    return checkpoint.origin === origin ? checkpoint : undefined;
  } catch (err) {
    if (err instanceof NoteFault) return undefined;
    throw err;
  }
}
