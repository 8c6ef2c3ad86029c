/** A database of one's own with as many schedulers and workers' runners on it as a test likes, and a timetable of its choice. */

import { onTestFinished } from 'vitest';
import type { TimedJob } from '../../jobs/job.ts';
import { startOverduePoll } from '../../jobs/overduePoll.ts';
import type { Line } from '../../jobs/schedule.ts';
import { type Scheduler, type SchedulerOptions, startScheduler } from '../../jobs/ticks/startScheduler.ts';
import { createTickRunner, type TickRunner } from '../../jobs/ticks/tickRunner.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { readInstallationId } from '../../src/infra/postgres/installation.ts';
import { assembleBackbone, type Backbone } from '../../src/infra/process/backbone.ts';
import { readConfig } from '../../src/infra/process/config.ts';
import { openQueues } from '../../src/infra/queue/queue.ts';
import type { JobQueue } from '../../src/infra/queue/queueNames.ts';
import { catalog, privateNames } from '../../src/modules.ts';
import { cloneDatabase } from '../support/database.ts';
import { SECRET } from '../support/stack.ts';

export interface Tick extends JsonObject {
  name: string;
  slot: string;
  status: string;
  term: number | null;
  attempts: number;
  given_up: number;
  result: JsonObject | null;
  error: string | null;
}

export type World = Awaited<ReturnType<typeof openWorld>>;

export async function openWorld() {
  const database = await cloneDatabase();
  const config = readConfig({ DATABASE_URL: database.url, JWT_SECRET: SECRET, LOG_LEVEL: 'fatal' }, 'all');
  const installation = await readInstallationId(database.url, 'worker');
  const worker = openPool(database.url, 'worker', 6, () => {});
  const verifier = openPool(database.url, 'verifier', 3, () => {});
  const ends: (() => Promise<unknown>)[] = [];

  onTestFinished(async () => {
    for (const end of ends.reverse()) await end();
    await Promise.all([worker.end(), verifier.end()]);
    await database.drop();
  });

  function openBackboneHere(name: string): Backbone {
    const backbone = assembleBackbone(config, database.url, name, privateNames, installation, openQueues);
    ends.push(backbone.close);
    return backbone;
  }

  /** @returns also the metrics, as a scheduler that is asked shows them */
  function start(options: SchedulerOptions = {}): Scheduler & { backbone: Backbone } {
    const backbone = openBackboneHere('scheduler');
    const scheduler = startScheduler(backbone, options);
    let closed: Promise<void> | undefined;
    const close = () => {
      closed ??= scheduler.close();
      return closed;
    };
    ends.push(close);
    return { ...scheduler, close, backbone };
  }

  function openRunner(
    timetable: readonly Line[],
    queues?: JobQueue[],
  ): TickRunner & { backbone: Backbone; start(): void } {
    const backbone = openBackboneHere('worker');
    const runner = createTickRunner({
      backbone,
      pool: worker,
      verifierPool: verifier,
      catalog,
      timetable,
      ...(queues && { queues }),
    });
    ends.push(runner.close);
    const start = () => {
      const overduePoll = startOverduePoll(worker as never, [runner.watched], backbone.log);
      ends.push(overduePoll.close);
    };
    return { ...runner, backbone, start };
  }

  async function ticks(name?: string): Promise<Tick[]> {
    const { rows } = await worker.query<Tick>(
      'select * from schedule_ticks where $1::text is null or name = $1 order by slot, name',
      [name ?? null],
    );
    return rows;
  }

  /** As a leader would have fired it; due at once. */
  async function fireByHand(name: string, slot: string): Promise<void> {
    await worker.query(
      `insert into schedule_ticks (name, slot, id, queue, term, status) values ($1, $2, gen_random_uuid(), 'maintenance', 1, 'waiting')`,
      [name, slot],
    );
  }

  /** A lease that nobody keeps, and that is about to run out. */
  async function leaveLease(name = 'somebody', left_ms = 0): Promise<void> {
    await worker.query(
      `insert into leases (name, holder, term, acquired_at, expires_at)
       values ('scheduler', $1, 1, clock_timestamp(), clock_timestamp() + $2 * interval '1 millisecond')`,
      [name, left_ms],
    );
  }

  return { database, worker, verifier, start, openRunner, ticks, fireByHand, leaveLease };
}

export function jobOf(name: string, run: TimedJob['run'] = async () => ({}), most_ms = 60_000): TimedJob {
  return { name, summary: 'A job of the tests', most_ms, run };
}

export function lineOf(job: TimedJob, changes: Partial<Line> = {}): Line {
  return { job, cron: '* * * * *', missed: 'latest', queue: 'maintenance', ...changes };
}
