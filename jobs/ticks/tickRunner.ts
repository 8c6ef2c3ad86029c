/**
 * The workers' side of the schedule: which ticks are run here, and when. A doorbell names its tick; the overdue poll
 * finds ticks whose doorbell was lost or whose run died. One tick of a name runs at a time, wherever.
 */
import { type Job, UnrecoverableError } from 'bullmq';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { JOBS_AT_ONCE, type JobQueue } from '../../src/infra/queue/queueNames.ts';
import type { JobTools } from '../job.ts';
import type { OverdueWork } from '../overduePoll.ts';
import type { Line, Task } from '../schedule.ts';
import { buryTicks, claimByHand, claimTick, type Ending, findDue, ticksWait } from './tickClaims.ts';
import type { TickKey } from './tickLedger.ts';
import { createTickRun, type TickRunOptions, tellFailed } from './tickRun.ts';

export interface TickRunnerOptions extends Omit<TickRunOptions, 'isClosing'> {
  timetable: readonly Line[];
  onDemand?: readonly Task[];
  /** Whose ticks are found and run here; all where it is not said. */
  queues?: readonly JobQueue[];
}

export interface TickRunner {
  answer(job: Job<TickKey>): Promise<JsonObject>;
  /** Ticks that are due. */
  watched: OverdueWork;
  /** @returns how the run ended, or undefined where another of this job is under way */
  runByHand(name: string, input?: JsonObject): Promise<Ending | undefined>;
  /** Begins nothing any more, and resolves when what is under way has come to its next batch. */
  close(): Promise<void>;
}

const ALL_QUEUES = Object.keys(JOBS_AT_ONCE) as JobQueue[];

export function createTickRunner(options: TickRunnerOptions): TickRunner {
  const { backbone, pool, verifierPool, catalog, timetable, onDemand = [], queues = ALL_QUEUES } = options;
  const { metrics, log } = backbone;
  const db: Queryable = pool;
  const run = createTickRun({ backbone, pool, verifierPool, catalog, isClosing: () => closing });
  const lines = linesByName([...timetable, ...onDemand]);
  const runs = new Map<Promise<unknown>, JobQueue>();
  let closing = false;

  async function answer(doorbell: Job<TickKey>): Promise<JsonObject> {
    const ending = await runDue(doorbell.data, (done, of) => doorbell.updateProgress({ done, ...(of && { of }) }));
    if (ending?.status === 'failed') throw new UnrecoverableError(ending.error);
    return ending ? { ...ending } : { status: 'nothing to do: done, not due, or under way elsewhere' };
  }

  /** @returns how it ended, where it was to be run by us now */
  async function runDue(key: TickKey, progress?: JobTools['progress']): Promise<Ending | undefined> {
    const line = lines.get(key.name);
    if (!line || closing) return undefined;
    return tracked(line.queue, async () => {
      const claim = await claimTick(db, key);
      return claim && run(line, claim, { progress });
    });
  }

  async function runByHand(name: string, input?: JsonObject): Promise<Ending | undefined> {
    const line = lines.get(name)!;
    const claim = await claimByHand(db, { name: line.job.name, slot: new Date().toISOString() }, line.queue);
    return claim && tracked(line.queue, () => run(line, claim, { isByHand: true, ...(input && { input }) }));
  }

  function tracked<T>(queue: JobQueue, work: () => Promise<T>): Promise<T> {
    const done = work();
    runs.set(done, queue);
    const forget = () => void runs.delete(done);
    done.then(forget, forget);
    return done;
  }

  async function bury(): Promise<void> {
    for (const { name, slot, error } of await buryTicks(db)) {
      metrics.jobRuns.inc({ name, outcome: 'lost' });
      log.error({ job: name, slot, error }, 'job given up');
      await tellFailed(db, backbone.broadcast, { name, slot }, log);
    }
  }

  async function poll(): Promise<void> {
    if (closing) return;
    const due = await findDue(db, queues);
    if (due.some(({ is_spent }) => is_spent)) await bury();
    for (const { queue, is_spent, ...key } of due) {
      if (is_spent) continue;
      const busy = [...runs.values()].filter((one) => one === queue).length;
      if (busy < JOBS_AT_ONCE[queue as JobQueue])
        void runDue(key).catch((err) => log.warn({ err, ...key }, 'running tick failed'));
    }
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.allSettled(runs.keys());
  }

  return { answer, watched: { name: 'ticks', waits: ticksWait(queues), poll }, runByHand, close };
}

function linesByName(lines: readonly Task[]): Map<string, Task> {
  const named = lines.map((line) => [line.job.name, line] as const);
  const formerly = lines.flatMap((line) => (line.job.formerly ? [[line.job.formerly, line] as const] : []));
  return new Map([...formerly, ...named]);
}
