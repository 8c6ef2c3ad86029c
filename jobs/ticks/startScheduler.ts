/**
 * The scheduler as a part: many may run, one leads, and only the leader's cron fires ticks. What it fires is run by
 * the workers. While nobody leads nothing is lost: a new leader looks at what was due.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type ScheduledTask, schedule } from 'node-cron';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import { type Line, timetable as wholeTimetable } from '../schedule.ts';
import { nextSlot } from './cronSlots.ts';
import { createFiring, publishTimetable } from './fireTicks.ts';
import { createLeadership } from './leadership.ts';
import type { Leader } from './tickLedger.ts';

export interface Scheduler {
  db: Queryable;
  /** The term it leads in, while it does. */
  leader(): Leader | undefined;
  close(): Promise<void>;
}

export interface SchedulerOptions {
  timetable?: readonly Line[];
  /** This machine's clock, in milliseconds since 1970. */
  wallClock?(): number;
}

/** One for the listener, one for the lease and one for the ticks. */
const POOL_SIZE = 3;
const CLOSE_WITHIN_MS = 1_000;
const OVERDUE_MS = 3_000;

export function startScheduler(backbone: Backbone, options: SchedulerOptions = {}): Scheduler {
  const { queues, heartbeat, metrics, log } = backbone;
  const { timetable = wholeTimetable, wallClock = Date.now } = options;
  const pool = backbone.openPool('worker', POOL_SIZE);
  const db = pool as unknown as Queryable;
  const holder = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  const leadership = createLeadership({ pool, holder, metrics, log, wallClock, onLead, onRenewed, onLost });
  const { fire, catchUp } = createFiring({ db, queues, metrics, log, leader: leadership.leader });
  let tasks: ScheduledTask[] = [];
  /** Lines of which a tick may be missing. */
  const owing = new Set<Line>();
  /** When cron should have called by. */
  const due = new Map<Line, number>();
  let isPublished = false;
  let isSettling = false;
  let work: Promise<void> = Promise.resolve();

  /** Cron starts first, so that no slot falls between what was missed and what comes. */
  function onLead(): void {
    stopCron();
    tasks = timetable.map(startCron);
    for (const line of timetable) due.set(line, nextSlot(line.cron, wallClock()));
    isPublished = false;
    owe(...timetable);
  }

  /** Cron may have been led astray by a clock that jumped to and fro: who is overdue owes. */
  function onRenewed(): void {
    const late = timetable.filter((line) => due.get(line)! < wallClock() - OVERDUE_MS);
    if (late.length + owing.size > 0) owe(...late);
  }

  function onLost(): void {
    stopCron();
    owing.clear();
  }

  function startCron(line: Line): ScheduledTask {
    const { job, cron } = line;
    const task = schedule(cron, ({ date }) => tick(line, date), { name: job.name, timezone: 'UTC', logger });
    task.on('execution:missed', () => owe(line));
    return task;
  }

  function stopCron(): void {
    for (const task of tasks) void task.destroy();
    tasks = [];
  }

  /** A tick that could not be fired is made good after the next renewal; until then no later one is fired before it. */
  function tick(line: Line, slot: Date): void {
    due.set(line, nextSlot(line.cron, slot.getTime()));
    work = work.then(async () => {
      if (owing.has(line)) return owe();
      try {
        await fire(line, slot.getTime());
      } catch (err) {
        log.warn({ err, job: line.job.name }, 'a tick could not be fired');
        owing.add(line);
      }
    });
  }

  function owe(...lines: Line[]): void {
    for (const line of lines) owing.add(line);
    if (!isSettling) work = work.then(settle);
    isSettling = true;
  }

  async function settle(): Promise<void> {
    isSettling = false;
    if (!leadership.leader()) return;
    try {
      if (!isPublished) await publishTimetable(db, timetable);
      isPublished = true;
      for (const line of owing) {
        await catchUp(line);
        due.set(line, nextSlot(line.cron, wallClock()));
        owing.delete(line);
      }
    } catch (err) {
      log.warn({ err }, 'it could not be seen which ticks were missed');
    }
  }

  async function close(): Promise<void> {
    stopCron();
    const left = heartbeat.leave('scheduler');
    await Promise.race([work, new Promise((resolve) => setTimeout(resolve, CLOSE_WITHIN_MS).unref())]);
    await leadership.close();
    await left;
    await pool.end();
  }

  const logger = {
    info: (text: string) => log.debug(text),
    debug: (text: string | Error) => log.debug(text),
    warn: (text: string) => log.warn(text),
    error: (text: string | Error, err?: Error) => log.error({ err: err ?? text }, 'cron'),
  };

  leadership.start();
  void heartbeat.join('scheduler');
  return { db, leader: leadership.leader, close };
}
