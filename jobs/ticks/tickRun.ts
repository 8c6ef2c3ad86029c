/**
 * One run of a tick, claimed before: the job's `run` with its tools and within its time, and what becomes of the tick.
 * A run that fails is tried again a few times; one that is cut off by a stop is left to the next worker.
 */

import type pg from 'pg';
import type { Catalog } from '../../src/core/definitions/command.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { withTimeout } from '../../src/core/withTimeout.ts';
import type { Broadcast } from '../../src/infra/broadcast/broadcast.ts';
import { quietly } from '../../src/infra/console/tellConsole.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import { createHeadSigner } from '../../src/infra/signer/heads.ts';
import { signerFiles } from '../../src/infra/signer/signerFiles.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import { timings } from '../../src/infra/timings.ts';
import type { JobTools } from '../job.ts';
import { tellOfFailedJob } from '../notices/tellAdmins.ts';
import { type Renewing, startRenewing } from '../renewing.ts';
import type { Task } from '../schedule.ts';
import { createSend } from '../send/sendCommand.ts';
import { anchorSources, readSignerAnchor } from '../verify/readAnchors.ts';
import { type Claim, type Ending, endTick, MAX_ATTEMPTS, renewClaim } from './tickClaims.ts';
import { doorbellId, type TickKey } from './tickLedger.ts';

export interface TickRunOptions {
  backbone: Pick<
    Backbone,
    'config' | 'installation' | 'queues' | 'broadcast' | 'observers' | 'blobs' | 'cache' | 'metrics' | 'log'
  >;
  /** Role `worker`; not the pool that applies commands, which must not wait for jobs. */
  pool: pg.Pool;
  verifierPool: pg.Pool;
  catalog: Catalog;
  isClosing(): boolean;
}

interface RunMode {
  progress?: JobTools['progress'] | undefined;
  /** A run that is never tried again. */
  isByHand?: boolean;
  input?: JsonObject;
}

const CUT_OFF: Ending = { status: 'waiting', error: null, wait_ms: 0, counts: false };

export function createTickRun({ backbone, pool, verifierPool, catalog, isClosing }: TickRunOptions) {
  const { config, installation, queues, broadcast, observers, blobs, cache, metrics, log } = backbone;
  const sources = anchorSources(config, installation);
  const heads = createHeadSigner(signerFiles(config, installation).headKey, log);
  const db: Queryable = pool;

  async function run({ job, queue }: Task, claim: Claim, mode: RunMode): Promise<Ending> {
    const { isByHand = false } = mode;
    const { name, slot, attempts } = claim;
    const runLog = log.child({ job: name, slot, run: claim.run });
    const started = performance.now();
    runLog.info({ attempt: attempts }, 'job started');
    const onFault = (err: unknown) => runLog.warn({ err }, 'renewing claim failed');
    const renewing = startRenewing(() => renewClaim(db, claim), timings.claims.renew_every_ms, onFault);
    const { soft_ms, hard_ms } = limitsOf(job.most_ms, queue);
    const cutOff = watchForStop(renewing, started + soft_ms);
    let ending: Ending;
    try {
      const tools = toolsFor(claim, runLog, cutOff.isOver, mode);
      const result = await withTimeout(job.run(tools), hard_ms, `did not end within ${hard_ms} ms`);
      ending = cutOff.wasCutOff() && !isByHand ? CUT_OFF : { status: 'succeeded', result };
    } catch (fault) {
      runLog.error({ err: fault, attempt: attempts }, 'job failed');
      ending = afterFault(fault, isByHand ? MAX_ATTEMPTS : attempts);
    } finally {
      renewing.stop();
    }
    await endTick(db, claim, ending).catch((err) => runLog.warn({ err }, 'storing end of job failed'));
    const seconds = (performance.now() - started) / 1_000;
    metrics.jobSeconds.observe({ name }, seconds);
    metrics.jobRuns.inc({ name, outcome: outcomeOf(ending) });
    runLog.info({ seconds, ...ending }, 'job ended');
    if (ending.status === 'failed' && !isByHand) await tellFailed(db, broadcast, claim, runLog);
    if (ending.status === 'waiting' && ending.counts) ring(queue, claim, ending.wait_ms);
    return ending;
  }

  function watchForStop(renewing: Renewing, deadline: number) {
    let wasCutOff = false;
    const isOver = () => {
      wasCutOff ||= isClosing();
      return wasCutOff || renewing.isLost() || performance.now() > deadline;
    };
    return { isOver, wasCutOff: () => wasCutOff };
  }

  function toolsFor(claim: Claim, log: Log, isOver: () => boolean, mode: RunMode): JobTools {
    const { progress: show, input = {} } = mode;
    const send = createSend({ db, catalog, queues, log, request_id: claim.id });
    const progress: JobTools['progress'] = async (done, of) => {
      log.debug({ done, of }, 'job goes on');
      await show?.(done, of).catch((err: unknown) => log.debug({ err }, 'showing progress failed'));
    };
    const outside = {
      gallery_retention_ms: config.GALLERY_RETENTION_HOURS * 3_600_000,
      pool,
      verifierPool,
      queues,
      broadcast,
      observers,
      blobs,
      cache,
      metrics,
      signedLast: () => readSignerAnchor(verifierPool as never, sources, log),
      sign: heads.signText,
    };
    return { ...outside, log, slot: claim.slot, input, isOver, send, progress };
  }

  function ring(queue: Task['queue'], claim: Claim, delay: number): void {
    const { name, slot, attempts } = claim;
    queues
      .queue(queue)
      .add(name, { name, slot }, { jobId: doorbellId(claim, attempts), delay })
      .catch((err) => log.debug({ err }, 'ringing doorbell failed; the overdue poll finds the tick'));
  }

  return run;
}

/** To verify everything takes what it takes; all else ends within the hour. */
function limitsOf(most_ms: number, queue: Task['queue']): { soft_ms: number; hard_ms: number } {
  const hard_ms = most_ms + timings.claims.overtime_ms;
  if (queue === 'integrity') return { soft_ms: most_ms, hard_ms };
  return { soft_ms: Math.min(most_ms, timings.jobs.soft_ms), hard_ms: Math.min(hard_ms, timings.jobs.hard_ms) };
}

/** The ledger keeps it, and the health report counts it. */
export async function tellFailed(
  db: Queryable,
  broadcast: Pick<Broadcast, 'publish'>,
  { name, slot }: TickKey,
  log: Log,
): Promise<void> {
  await tellOfFailedJob(db, quietly(broadcast), { name, slot }).catch((err) =>
    log.warn({ err, job: name }, 'telling admins of a failed job failed'),
  );
}

function afterFault(fault: unknown, attempts: number): Ending {
  const error = String((fault as Error)?.message ?? fault).slice(0, 1_000);
  const wait_ms = timings.ticks.retry_ms[attempts - 1];
  if (wait_ms === undefined) return { status: 'failed', error };
  return { status: 'waiting', error, wait_ms, counts: true };
}

function outcomeOf(ending: Ending): string {
  if (ending.status !== 'waiting') return ending.status;
  return ending.counts ? 'retried' : 'cut_off';
}
