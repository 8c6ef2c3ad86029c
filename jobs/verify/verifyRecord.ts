/**
 * Verifies the record of one institution, or all of it, on request, and writes the verdict into Postgres. The row says
 * what is to be verified; a job is only its doorbell, and one that is lost costs a second.
 */

import type { Job } from 'bullmq';
import type pg from 'pg';
import type { Blobs } from '../../src/core/definitions/files.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { withTimeout } from '../../src/core/withTimeout.ts';
import type { Broadcast } from '../../src/infra/broadcast/broadcast.ts';
import type { HeadSigner } from '../../src/infra/signer/heads.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';
import type { RecordReport } from '../../src/integrity/recordReport.ts';
import { runReportText } from '../../src/integrity/runs/runReport.ts';
import { type RunResult, verifyRun } from '../../src/integrity/runs/verifyRun.ts';
import type { Progress } from '../../src/integrity/verifyRecord.ts';
import { catalog } from '../../src/modules.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { startRenewing } from '../renewing.ts';
import { CutOff, createUnderWay } from '../underWay.ts';
import * as runs from './integrityRuns.ts';
import { raiseFindings } from './raiseFindings.ts';
import { type AnchorSources, readAnchors } from './readAnchors.ts';

export interface RecordVerifier {
  answer(job: Job<{ run_id: string }>): Promise<{ state: string }>;
  /** Runs whose doorbell was lost, or whose process died. */
  watched: OverdueWork;
  /** Begins nothing any more, and resolves when what is under way has come to its next page. */
  close(): Promise<void>;
}

export interface RecordVerifierOptions {
  /** Role `worker`. */
  db: pg.Pool;
  verifierPool: pg.Pool;
  blobs: Blobs;
  /** What the signer keeps, where it is on this host. */
  sources: AnchorSources;
  /** Signs reports. */
  heads: Pick<HeadSigner, 'signText'>;
  broadcast: Broadcast;
  metrics: Metrics;
  log: Log;
}

/** In one process. What comes beyond that waits for the overdue poll of a worker that is free. */
export const VERIFICATIONS_AT_ONCE = 2;
const MOST_MS = 4 * 3_600_000;
const PROGRESS_EVERY_MS = 1_000;

export function createRecordVerifier(options: RecordVerifierOptions): RecordVerifier {
  const { db, log } = options;
  const underWay = createUnderWay(VERIFICATIONS_AT_ONCE);

  /** What the dashboard shows may be lost; the verification goes on. */
  async function answer(job: Job<{ run_id: string }>): Promise<{ state: string }> {
    return { state: await start(job.data.run_id, (done) => job.updateProgress(done).catch(() => {})) };
  }

  const start = (id: string, progress?: Progress) => underWay.start(id, () => claimAndVerify(id, progress));

  async function claimAndVerify(id: string, progress?: Progress): Promise<string> {
    const claim = await runs.claimRun(db, id);
    if (!claim) return 'over, or under way elsewhere';
    const runLog = log.child({ run_id: id, institution_id: claim.institution_id });
    const onFault = (err: unknown) => runLog.warn({ err }, 'renewing claim or storing progress failed');
    const renewing = startRenewing(() => runs.renewClaim(db, claim), timings.claims.renew_every_ms, onFault);
    let isOver = false;
    let toldAt = Number.NEGATIVE_INFINITY;
    const goOn: Progress = async (done, total) => {
      if (underWay.isClosing() || isOver || renewing.isLost()) throw new CutOff('cut off');
      if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
      toldAt = performance.now();
      await runs.storeProgress(db, claim, done.streams_checked, total).catch(onFault);
      await progress?.(done, total);
    };
    let ending: runs.RunEnding;
    try {
      const late = `it took more than ${MOST_MS} ms`;
      ending = await finished(options, claim, await withTimeout(verify(options, claim, goOn), MOST_MS, late));
    } catch (fault) {
      if (!(fault instanceof CutOff)) runLog.error({ err: fault, attempt: claim.attempts }, 'verification failed');
      ending = afterFault(fault, claim.attempts);
    } finally {
      isOver = true;
      renewing.stop();
    }
    if (ending.state === 'done') await raise(options, claim, ending.result.report);
    await writeDown(db, claim, ending).catch((err) =>
      runLog.warn({ err }, 'storing verdict failed; the overdue poll finds the run'),
    );
    return ending.state;
  }

  async function poll(): Promise<void> {
    if (underWay.isClosing()) return;
    for (const id of await runs.giveUpLostRuns(db)) log.error({ run_id: id }, 'verification given up');
    if (underWay.isFull()) return;
    for (const id of await runs.findOverdue(db)) {
      void start(id).catch((err) => log.warn({ err, run_id: id }, 'running verification failed'));
    }
  }

  return { answer, watched: { name: 'verifications', waits: runs.RUNS_WAIT, poll }, close: underWay.close };
}

async function verify(
  { verifierPool, blobs, sources, log }: RecordVerifierOptions,
  claim: runs.RunClaim,
  progress: Progress,
): Promise<RunResult> {
  const client = await verifierPool.connect();
  let fault: Error | undefined;
  try {
    const db: Queryable = client as never;
    return await verifyRun({ db, catalog, blobs, progress }, claim, await readAnchors(db, claim, sources, log));
  } catch (thrown) {
    fault = thrown as Error;
    throw thrown;
  } finally {
    client.release(fault);
  }
}

/** Signed before it is stored, and as it is answered: a verdict that is edited afterwards is no longer what was signed. */
async function finished(
  { db, heads }: RecordVerifierOptions,
  claim: runs.RunClaim,
  result: RunResult,
): Promise<runs.RunEnding> {
  const finished_at = await readClock(db);
  const text = runReportText({ ...claim, job: null }, result, finished_at);
  return { state: 'done', result, finished_at, signed_report: (await heads.signText(text)) ?? null };
}

/** The verdict is given, whatever becomes of the alarm. */
async function raise(
  { db, broadcast, metrics, log }: RecordVerifierOptions,
  claim: runs.RunClaim,
  report: RecordReport,
) {
  const isWhole = claim.institution_id === null && claim.scope === 'all';
  await raiseFindings({ pool: db, broadcast, metrics, log }, report, isWhole).catch((err) =>
    log.error({ err, run_id: claim.id }, 'keeping findings of verification failed'),
  );
}

async function writeDown(db: Queryable, claim: runs.RunClaim, ending: runs.RunEnding): Promise<void> {
  await runs.endRun(db, claim, ending);
  await runs.removeOldRuns(db, claim.institution_id);
}

function afterFault(fault: unknown, attempts: number): Exclude<runs.RunEnding, { state: 'done' }> {
  if (fault instanceof CutOff) return { state: 'waiting', error: null, wait_ms: 0, counts: false };
  const error = String((fault as Error)?.message ?? fault).slice(0, 1_000);
  if (attempts >= runs.MAX_ATTEMPTS) return { state: 'failed', error };
  return { state: 'waiting', error, wait_ms: timings.claims.verify_again_ms, counts: true };
}
