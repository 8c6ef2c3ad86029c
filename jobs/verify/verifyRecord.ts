/**
 * Verifies the record of one institution, or all of it, for whoever asked, and writes the verdict into Postgres. What is
 * to be verified stands in the row; a job only says that there is one, and a lost job costs a second.
 */
import type { Job } from 'bullmq';
import type pg from 'pg';
import type { Blobs } from '../../src/core/definitions/files.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { withTimeout } from '../../src/core/withTimeout.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import { type Progress, type RecordReport, verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { catalog } from '../../src/modules.ts';
import type { OverdueWork } from '../overduePoll.ts';
import * as runs from './integrityRuns.ts';

export interface RecordVerifier {
  answer(job: Job<{ run_id: string }>): Promise<{ state: string }>;
  /** Runs whose doorbell was lost, or whose process died. */
  watched: OverdueWork;
  /** Begins nothing any more, and resolves when what is under way has come to its next page. */
  close(): Promise<void>;
}

export interface RecordVerifierOptions {
  /** Role `worker`. */
  db: Queryable;
  verifierPool: pg.Pool;
  blobs: Blobs;
  log: Log;
}

/** In one process. What comes beyond that waits, and is found by whoever is free. */
export const VERIFICATIONS_AT_ONCE = 2;
const MOST_MS = 4 * 3_600_000;
const RENEW_EVERY_MS = (runs.CLAIM_SECONDS * 1_000) / 3;
const RETRY_AFTER_MS = 2_000;

/** This process ends, or another one has taken the run over. */
class CutOff extends Error {}

export function createRecordVerifier({ db, verifierPool, blobs, log }: RecordVerifierOptions): RecordVerifier {
  const underWay = new Map<string, Promise<string>>();
  let closing = false;

  /** What the dashboard shows may be lost; the verification goes on. */
  async function answer(job: Job<{ run_id: string }>): Promise<{ state: string }> {
    return { state: await start(job.data.run_id, (done) => job.updateProgress(done).catch(() => {})) };
  }

  async function start(id: string, progress?: Progress): Promise<string> {
    if (closing || underWay.has(id) || underWay.size >= VERIFICATIONS_AT_ONCE) return 'left to another';
    const done = claimAndVerify(id, progress).finally(() => underWay.delete(id));
    underWay.set(id, done);
    return done;
  }

  async function claimAndVerify(id: string, progress?: Progress): Promise<string> {
    const claim = await runs.claimRun(db, id);
    if (!claim) return 'over, or under way elsewhere';
    const said = log.child({ run_id: id, institution_id: claim.institution_id });
    let isOver = false;
    const renewing = setInterval(() => {
      runs.renewClaim(db, claim).then(
        (isOurs) => {
          isOver ||= !isOurs;
        },
        (err) => said.warn({ err }, 'claim of a verification could not be renewed'),
      );
    }, RENEW_EVERY_MS);
    const goOn: Progress = async (done) => {
      if (closing || isOver) throw new CutOff('cut off');
      await progress?.(done);
    };
    let ending: runs.RunEnding;
    try {
      ending = {
        state: 'done',
        report: await withTimeout(verify(claim, goOn), MOST_MS, `it took more than ${MOST_MS} ms`),
      };
    } catch (fault) {
      if (!(fault instanceof CutOff)) said.error({ err: fault, attempt: claim.attempts }, 'verification failed');
      ending = afterFault(fault, claim.attempts);
    } finally {
      isOver = true;
      clearInterval(renewing);
    }
    await writeDown(claim, ending).catch((err) => said.warn({ err }, 'verdict not written; it will be found again'));
    return ending.state;
  }

  async function writeDown(claim: runs.RunClaim, ending: runs.RunEnding): Promise<void> {
    await runs.endRun(db, claim, ending);
    await runs.removeOldRuns(db, claim.institution_id);
  }

  async function verify(claim: runs.RunClaim, goOn: Progress): Promise<RecordReport> {
    const client = await verifierPool.connect();
    let fault: Error | undefined;
    try {
      return await verifyRecord(client as never, catalog, claim, goOn, blobs);
    } catch (thrown) {
      fault = thrown as Error;
      throw thrown;
    } finally {
      client.release(fault);
    }
  }

  async function poll(): Promise<void> {
    if (closing) return;
    for (const id of await runs.giveUpLostRuns(db)) log.error({ run_id: id }, 'verification is given up');
    if (underWay.size >= VERIFICATIONS_AT_ONCE) return;
    for (const id of await runs.findOverdue(db)) {
      void start(id).catch((err) => log.warn({ err, run_id: id }, 'a verification could not be run'));
    }
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.allSettled(underWay.values());
  }

  return { answer, watched: { name: 'verifications', waits: runs.RUNS_WAIT, look: poll }, close };
}

function afterFault(fault: unknown, attempts: number): Exclude<runs.RunEnding, { state: 'done' }> {
  if (fault instanceof CutOff) return { state: 'waiting', error: null, wait_ms: 0, counts: false };
  const error = String((fault as Error)?.message ?? fault).slice(0, 1_000);
  if (attempts >= runs.MAX_ATTEMPTS) return { state: 'failed', error };
  return { state: 'waiting', error, wait_ms: RETRY_AFTER_MS, counts: true };
}
