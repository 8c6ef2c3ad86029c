/**
 * The workers' side of the schedule: answers a tick's doorbell, looks for ticks whose doorbell was lost
 * or whose run died, and keeps the ledger true about each run. One tick of a name runs at a time, wherever; a run that
 * fails is tried again a few times, and one that is cut off by a stop is left to the next worker.
 */
import { type Job, UnrecoverableError } from 'bullmq';
import type pg from 'pg';
import type { Catalog } from '../../src/core/definitions/command.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { withTimeout } from '../../src/core/withTimeout.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import type { JobTools, TimedJob } from '../job.ts';
import type { OverdueWork } from '../overduePoll.ts';
import type { JobQueue, Line } from '../schedule.ts';
import { createSend } from '../send/sendCommand.ts';
import {
  buryTicks,
  type Claim,
  claimByHand,
  claimTick,
  type Ending,
  endTick,
  findDue,
  HELD_SECONDS,
  holdTick,
  MAX_ATTEMPTS,
  TICKS_WAIT,
} from './tickClaims.ts';
import { doorbellId, type TickKey } from './tickLedger.ts';

export interface TickRunnerOptions {
  backbone: Pick<Backbone, 'queues' | 'broadcast' | 'blobs' | 'metrics' | 'log'>;
  /** Role `worker`; not the pool that applies commands, which must not wait for jobs. */
  pool: pg.Pool;
  verifierPool: pg.Pool;
  catalog: Catalog;
  timetable: readonly Line[];
}

export interface TickRunner {
  answer(job: Job<TickKey>): Promise<JsonObject>;
  /** Ticks that are due. */
  watched: OverdueWork;
  /** @returns how the run ended, or undefined where another of this job is under way */
  runByHand(name: string): Promise<Ending | undefined>;
  /** Begins nothing any more, and resolves when what is under way has come to its next batch. */
  close(): Promise<void>;
}

type Progress = JobTools['progress'];

interface RunOptions {
  progress?: Progress | undefined;
  /** Nobody tries it again. */
  isByHand?: boolean;
}

/** Runs of one queue in one process. */
export const RUNS_AT_ONCE = 2;
const HOLD_EVERY_MS = (HELD_SECONDS * 1_000) / 3;
/** Before the second attempt, and before the third, which is the last. */
const RETRY_WAIT_MS = [5_000, 30_000];
const CUT_OFF: Ending = { status: 'waiting', error: null, wait_ms: 0, counts: false };
/** A job that does not end so long after its time was over is held for failed. */
const OVERTIME_MS = 60_000;

export function createTickRunner(options: TickRunnerOptions): TickRunner {
  const { backbone, pool, verifierPool, catalog, timetable } = options;
  const { queues, broadcast, blobs, metrics, log } = backbone;
  const db = pool as unknown as Queryable;
  const lines = new Map(timetable.map((line) => [line.job.name, line]));
  const runs = new Map<Promise<unknown>, JobQueue>();
  let closing = false;

  async function answer(doorbell: Job<TickKey>): Promise<JsonObject> {
    const ending = await runDue(doorbell.data, (done, of) => doorbell.updateProgress({ done, ...(of && { of }) }));
    if (ending?.status === 'failed') throw new UnrecoverableError(ending.error);
    return ending ? { ...ending } : { status: 'nothing to do: done, not due, or under way elsewhere' };
  }

  /** @returns how it ended, where it was to be run by us now */
  async function runDue(key: TickKey, progress?: Progress): Promise<Ending | undefined> {
    const line = lines.get(key.name);
    if (!line || closing) return undefined;
    return tracked(line.queue, async () => {
      const claim = await claimTick(db, key);
      return claim && run(line.job, claim, { progress });
    });
  }

  async function runByHand(name: string): Promise<Ending | undefined> {
    const { job, queue } = lines.get(name)!;
    const claim = await claimByHand(db, { name, slot: new Date().toISOString() }, queue);
    return claim && tracked(queue, () => run(job, claim, { isByHand: true }));
  }

  function tracked<T>(queue: JobQueue, work: () => Promise<T>): Promise<T> {
    const done = work();
    runs.set(done, queue);
    const forget = () => void runs.delete(done);
    done.then(forget, forget);
    return done;
  }

  async function run(job: TimedJob, claim: Claim, { progress, isByHand = false }: RunOptions): Promise<Ending> {
    const { name, slot, attempts } = claim;
    const said = log.child({ job: name, slot, run: claim.run });
    const started = performance.now();
    const deadline = started + job.most_ms;
    const hold = startHolding(claim, said);
    said.info({ attempt: attempts }, 'job started');
    let isCutOff = false;
    const isOver = () => {
      isCutOff ||= closing;
      return isCutOff || hold.isLost() || performance.now() > deadline;
    };
    const tools: JobTools = {
      ...{ pool, verifierPool, queues, broadcast, blobs, metrics, log: said, slot, isOver },
      send: createSend({ db, catalog, queues, log: said, request_id: claim.id }),
      progress: async (done, of) => {
        said.debug({ done, of }, 'job goes on');
        await progress?.(done, of).catch((err: unknown) => said.debug({ err }, 'progress could not be shown'));
      },
    };
    const most_ms = job.most_ms + OVERTIME_MS;
    let ending: Ending;
    try {
      const result = await withTimeout(job.run(tools), most_ms, `did not end within ${most_ms} ms`);
      ending = isCutOff && !isByHand ? CUT_OFF : { status: 'succeeded', result };
    } catch (fault) {
      said.error({ err: fault, attempt: attempts }, 'job failed');
      ending = afterFault(fault, isByHand ? MAX_ATTEMPTS : attempts);
    } finally {
      hold.stop();
    }
    await endTick(db, claim, ending).catch((err) => said.warn({ err }, 'the end could not be written down'));
    const seconds = (performance.now() - started) / 1_000;
    metrics.jobSeconds.observe({ name }, seconds);
    metrics.jobRuns.inc({ name, outcome: outcomeOf(ending) });
    said.info({ seconds, ...ending }, 'job ended');
    if (ending.status === 'waiting' && ending.counts) ring(claim, ending.wait_ms);
    return ending;
  }

  /** Says every ten seconds that the run goes on; somebody else takes the tick when it does not. */
  function startHolding(claim: Claim, said: typeof log) {
    let isLost = false;
    const beat = setInterval(() => {
      holdTick(db, claim).then(
        (isHeld) => {
          isLost = !isHeld;
        },
        (err) => said.warn({ err }, 'the run could not be held'),
      );
    }, HOLD_EVERY_MS);
    return { isLost: () => isLost, stop: () => clearInterval(beat) };
  }

  function ring(claim: Claim, delay: number): void {
    const { name, slot, attempts } = claim;
    queues
      .queue(lines.get(name)!.queue)
      .add(name, { name, slot }, { jobId: doorbellId(claim, attempts), delay })
      .catch((err) => log.debug({ err }, 'the doorbell could not be rung; the tick will be found'));
  }

  async function bury(): Promise<void> {
    for (const { name, slot, error } of await buryTicks(db)) {
      metrics.jobRuns.inc({ name, outcome: 'lost' });
      log.error({ job: name, slot, error }, 'job is given up');
    }
  }

  async function look(): Promise<void> {
    if (closing) return;
    const due = await findDue(db);
    if (due.some(({ is_spent }) => is_spent)) await bury();
    for (const { queue, is_spent, ...key } of due) {
      if (is_spent) continue;
      const busy = [...runs.values()].filter((one) => one === queue).length;
      if (busy < RUNS_AT_ONCE) void runDue(key).catch((err) => log.warn({ err, ...key }, 'a tick could not be run'));
    }
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.allSettled(runs.keys());
  }

  return { answer, watched: { name: 'ticks', waits: TICKS_WAIT, look }, runByHand, close };
}

function afterFault(fault: unknown, attempts: number): Ending {
  const error = String((fault as Error)?.message ?? fault).slice(0, 1_000);
  const wait_ms = RETRY_WAIT_MS[attempts - 1];
  if (wait_ms === undefined) return { status: 'failed', error };
  return { status: 'waiting', error, wait_ms, counts: true };
}

function outcomeOf(ending: Ending): string {
  if (ending.status !== 'waiting') return ending.status;
  return ending.counts ? 'retried' : 'cut_off';
}
