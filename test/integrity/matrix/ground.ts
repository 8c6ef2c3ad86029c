/**
 * The record that the matrix is tried on: every table has rows, all of it is in the log, and the log was signed twice. The first
 * checkpoint was kept elsewhere; the second is the signer's state.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { type SigningTools, signCheckpoint } from '../../../jobs/log/checkpoints.ts';
import { readAnchors } from '../../../jobs/verify/readAnchors.ts';
import type { Blobs } from '../../../src/core/definitions/files.ts';
import type { Checkpoint } from '../../../src/core/proof/checkpoint.ts';
import { vkeyOf } from '../../../src/core/proof/keys.ts';
import { type SigningKey, signingKey } from '../../../src/core/proof/signNote.ts';
import type { Queryable } from '../../../src/core/sql/queryable.ts';
import { openPool } from '../../../src/infra/postgres/database.ts';
import { emptyState, readState, storeState } from '../../../src/infra/signer/stateFile.ts';
import type { RunFinding } from '../../../src/integrity/runs/findingOf.ts';
import { type Level, type RunVerdict, verifyRun } from '../../../src/integrity/runs/verifyRun.ts';
import { catalog } from '../../../src/modules.ts';
import { sequenceAll } from '../../support/logStreams.ts';
import { type Fixture, openFixture } from '../fixture.ts';

export const ORIGIN = 'court.example/log';

export interface Ground extends Fixture {
  key: SigningKey;
  vkey: string;
  /** The checkpoint that was kept elsewhere, which is the first, and its note. */
  kept: Checkpoint;
  keptNote: string;
  /** What the signer signed last. */
  state: Checkpoint;
  stateNote: string;
  /** Of role `worker`. */
  worker: pg.Pool;
  sign: SigningTools;
}

export async function openGround(): Promise<Ground> {
  const fixture = await openFixture();
  const worker = openPool(fixture.database.url, 'worker', 2, () => {});
  const folder = await mkdtemp(join(tmpdir(), 'plearoll-matrix-'));
  const stateFile = join(folder, 'state.json');
  const key = signingKey(ORIGIN, 'ed25519', new Uint8Array(32).fill(7));
  const vkey = vkeyOf(key);
  const sign: SigningTools = { pool: worker, key, origin: ORIGIN, stateFile };
  const head = vkeyOf(signingKey(`${ORIGIN}/head`, 'ed25519', new Uint8Array(32).fill(8)));
  const register = `insert into log_keys (vkey, name, use, from_size) values ($1, $3, 'log', 0), ($2, $3 || '/head', 'head', 0)`;
  await worker.query(register, [vkey, head, ORIGIN]);
  await storeState(stateFile, emptyState(ORIGIN));
  await sequenceAll(worker);
  await signCheckpoint(sign);
  const kept = (await readState(stateFile, ORIGIN))!;
  const later = await fixture.court.session(await fixture.court.assignment(randomUUID()));
  await fixture.court.send(['session.start', { session_id: later }]);
  await sequenceAll(worker);
  await signCheckpoint(sign);
  const state = (await readState(stateFile, ORIGIN))!;
  return {
    ...fixture,
    ...{ key, vkey, worker, sign },
    ...{ kept: kept.checkpoint, keptNote: kept.note!, state: state.checkpoint, stateNote: state.note! },
    async close() {
      await worker.end();
      await fixture.close();
      await rm(folder, { recursive: true });
    },
  };
}

export interface Judged {
  verdict: RunVerdict;
  findings: RunFinding[];
}

/** Files are not what the matrix is about. */
const FILES: Blobs = { findFault: async () => undefined, open: () => Promise.reject(new Error('no file is kept')) };

/** As `POST /integrity/verify` has everything verified at that level, with the checkpoint that was kept elsewhere. */
export async function judged(db: Queryable, level: Level, { sign, keptNote }: Ground, scope = 'all'): Promise<Judged> {
  const files = { origin: ORIGIN, state: sign.stateFile, witnesses: [] };
  const claim = { level, checkpoint: level === 'anchored' ? keptNote : null };
  const anchors = await readAnchors(db, claim, files, { warn: () => {} });
  const tools = { db, catalog, blobs: FILES, progress: () => {} };
  return verifyRun(tools, { institution_id: null, scope, level }, anchors);
}
