/**
 * Sends results that admins handed in to their sites, and has the record told what came of each. The row says what is to be
 * done; a job is only its doorbell, and one that is lost costs a second.
 */
import type { Job } from 'bullmq';
import { OutboundError } from '../../src/core/definitions/outbound.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { SENT_WITHIN_MS } from '../../src/feeds/results/matchResults.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import { timings } from '../../src/infra/timings.ts';
import type { JobTools } from '../job.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { startRenewing } from '../renewing.ts';
import { CutOff, createUnderWay } from '../underWay.ts';
import { type Posting, postResult, UNKNOWN } from './postResult.ts';
import * as results from './resultLedger.ts';

export interface ResultRunnerOptions extends Pick<Posting, 'db' | 'sites' | 'reach'> {
  db: Queryable;
  send: JobTools['send'];
  /** Whether results are sent at all. */
  isOn: boolean;
  log: Log;
  /** Until a site is asked again. */
  again_ms?: number;
}

export interface ResultRunner {
  answer(job: Job<{ result_id: string }>): Promise<{ state: string }>;
  watched: OverdueWork;
  /** Begins nothing any more, and resolves when what is under way has come to its next step. */
  close(): Promise<void>;
}

const AT_ONCE = 4;
const LONGEST_WAIT_MS = 5 * 60_000;

export function createResultRunner(options: ResultRunnerOptions): ResultRunner {
  const { db, sites, reach, send, isOn, log, again_ms = timings.feeds.result_again_ms } = options;
  const underWay = createUnderWay(AT_ONCE);

  const answer = async (job: Job<{ result_id: string }>) => ({ state: await start(job.data.result_id) });

  const start = (id: string) => underWay.start(id, () => claimAndPost(id));

  async function claimAndPost(id: string): Promise<string> {
    const claim = await results.claimResult(db, id);
    if (!claim) return 'over, or under way elsewhere';
    const { match_id, feed_id } = claim;
    const resultLog = log.child({ result_id: id, match_id, feed_id });
    const onFault = (err: unknown) => resultLog.warn({ err }, 'renewing claim failed');
    const renewing = startRenewing(() => results.renewResult(db, claim), timings.claims.renew_every_ms, onFault);
    const goOn = () => {
      if (underWay.isClosing() || renewing.isLost()) throw new CutOff('cut off');
    };
    try {
      const settled = settledBefore(claim) ?? (await postAndStore(claim, goOn));
      await note(claim, settled);
      resultLog.info(settled, 'result settled');
      return 'ballot_id' in settled ? 'posted' : 'failed';
    } catch (fault) {
      tellFault(resultLog, fault, claim.attempts);
      await results
        .releaseResult(db, claim, waitAfter(fault, claim.attempts, again_ms))
        .catch((err) => resultLog.warn({ err }, 'releasing claim failed; it runs out'));
      return 'waiting';
    } finally {
      renewing.stop();
    }
  }

  async function postAndStore(claim: results.ResultClaim, goOn: () => void): Promise<results.Settled> {
    const settled = await tryOnce(claim, goOn);
    if (await results.storeSettled(db, claim, settled)) return settled;
    throw new CutOff('the claim of the result is lost');
  }

  async function tryOnce(claim: results.ResultClaim, goOn: () => void): Promise<results.Settled> {
    const claimed_ms = performance.now();
    if (!isOn && claim.state === 'waiting') return { why: 'feature_disabled' };
    if (claim.age_ms > SENT_WITHIN_MS && claim.state === 'waiting') return { why: 'too_late' };
    try {
      return await postResult({ db, sites, goOn, reach }, claim);
    } catch (fault) {
      const next_ms = claim.age_ms + performance.now() - claimed_ms + waitAfter(fault, claim.attempts, again_ms);
      if (next_ms < SENT_WITHIN_MS || fault instanceof CutOff) throw fault;
      return { why: claim.state === 'posting' ? UNKNOWN : codeOf(fault) };
    }
  }

  /** Under one key it is one command, however often it is sent. */
  async function note(claim: results.ResultClaim, settled: results.Settled): Promise<void> {
    const { id: result_id, match_id } = claim;
    const input = { match_id, result_id, ballot_id: null, why: null, ...settled };
    await send({ name: 'match.settle', input, key: `match.result ${result_id}` });
    await results.storeNoted(db, claim);
  }

  async function poll(): Promise<void> {
    if (underWay.isClosing()) return;
    for (const id of await results.findOverdueResults(db)) {
      if (underWay.isFull()) return;
      void start(id).catch((err) => log.warn({ err, result_id: id }, 'sending a result failed'));
    }
  }

  return { answer, watched: { name: 'match_results', waits: results.RESULTS_WAIT, poll }, close: underWay.close };
}

/** By a process that ended before the record was told. */
function settledBefore({ ballot_id, why }: results.ResultClaim): results.Settled | undefined {
  if (ballot_id !== null) return { ballot_id };
  return why === null ? undefined : { why };
}

const codeOf = (fault: unknown) => (fault instanceof OutboundError ? fault.code : 'internal_error');

function waitAfter(fault: unknown, attempts: number, again_ms: number): number {
  if (fault instanceof CutOff) return 0;
  const asked_ms = fault instanceof OutboundError ? (fault.retry_after_ms ?? 0) : 0;
  return Math.min(LONGEST_WAIT_MS, Math.max(asked_ms, again_ms * attempts));
}

function tellFault(log: Pick<Log, 'debug' | 'error'>, fault: unknown, attempt: number): void {
  if (fault instanceof OutboundError)
    log.debug({ why: fault.code, attempt }, 'site did not take a result; asking again');
  else if (!(fault instanceof CutOff)) log.error({ err: fault, attempt }, 'sending a result failed; trying again');
}
