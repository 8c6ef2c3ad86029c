/**
 * Runs what admins ask of feeds, one after the other for each feed. The row says what is to be done; a job is only its
 * doorbell, and one that is lost costs a second.
 */
import type { Job } from 'bullmq';
import type { Log } from '../../src/infra/telemetry/log.ts';
import { timings } from '../../src/infra/timings.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { startRenewing } from '../renewing.ts';
import { CutOff, createUnderWay } from '../underWay.ts';
import * as runs from './importLedger.ts';
import { type Importing, importRound } from './importRound.ts';

export interface ImportRunner {
  answer(job: Job<{ run_id: string }>): Promise<{ state: string }>;
  /** Runs whose doorbell was lost, or whose process died. */
  watched: OverdueWork;
  /** Begins nothing any more, and resolves when what is under way has come to its next step. */
  close(): Promise<void>;
}

/** In one process. What comes beyond that waits for the overdue poll of a worker that is free. */
const IMPORTS_AT_ONCE = 4;

export function createImportRunner(importing: Importing): ImportRunner {
  const { pool: db, log } = importing;
  const underWay = createUnderWay(IMPORTS_AT_ONCE);

  const answer = async (job: Job<{ run_id: string }>) => ({ state: await start(job.data.run_id) });

  const start = (id: string) => underWay.start(id, () => claimAndRun(id));

  async function claimAndRun(id: string): Promise<string> {
    const claim = await runs.claimRun(db, id);
    if (!claim) return 'over, under way elsewhere, or behind another';
    const runLog = log.child({ run_id: id, feed_id: claim.feed_id, kind: claim.kind });
    const onFault = (err: unknown) => runLog.warn({ err }, 'renewing claim failed');
    const renewing = startRenewing(() => runs.renewClaim(db, claim), timings.claims.renew_every_ms, onFault);
    const goOn = () => {
      if (underWay.isClosing() || renewing.isLost()) throw new CutOff('cut off');
    };
    let ending: runs.RunEnding;
    try {
      ending = await importRound(importing, claim, goOn);
    } catch (fault) {
      if (!(fault instanceof CutOff)) runLog.error({ err: fault, attempt: claim.attempts }, 'run of feed failed');
      ending = afterFault(fault, claim.attempts);
    } finally {
      renewing.stop();
    }
    await runs
      .endRun(db, claim, ending)
      .catch((err) => runLog.warn({ err }, 'storing end of run failed; the overdue poll finds it'));
    await startNext(claim.feed_id, runLog);
    return ending.state;
  }

  /** What waited behind it need not wait for a poll. */
  async function startNext(feed_id: string, runLog: Pick<Log, 'debug'>): Promise<void> {
    try {
      const next = await runs.findNext(db, feed_id);
      if (next !== undefined) void start(next).catch((err) => runLog.debug({ err }, 'starting next run failed'));
    } catch (err) {
      runLog.debug({ err }, 'finding next run failed; the overdue poll finds it');
    }
  }

  async function poll(): Promise<void> {
    if (underWay.isClosing()) return;
    for (const id of await runs.giveUpLostRuns(db)) log.error({ run_id: id }, 'run of feed given up');
    for (const id of await runs.findOverdue(db)) {
      if (underWay.isFull()) return;
      void start(id).catch((err) => log.warn({ err, run_id: id }, 'run of feed failed'));
    }
  }

  return { answer, watched: { name: 'feed_runs', waits: runs.RUNS_WAIT, poll }, close: underWay.close };
}

function afterFault(fault: unknown, attempts: number): runs.RunEnding {
  if (fault instanceof CutOff) return { state: 'waiting', error: null, wait_ms: 0, counts: false };
  const error = String((fault as Error)?.message ?? fault).slice(0, 1_000);
  if (attempts >= runs.MAX_ATTEMPTS) return { state: 'failed', error };
  return { state: 'waiting', error, wait_ms: timings.claims.verify_again_ms, counts: true };
}
