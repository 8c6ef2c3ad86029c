/**
 * The leader's cron: fires each line at its slots, one tick after the other, and remembers which lines may lack a tick,
 * to catch them up after the next renewal of the lease.
 */

import { type ScheduledTask, schedule } from 'node-cron';
import type { Log } from '../../src/infra/telemetry/log.ts';
import { timings } from '../../src/infra/timings.ts';
import type { Line } from '../schedule.ts';
import { nextSlot } from './cronSlots.ts';
import type { Fire } from './fireTicks.ts';
import type { Leader } from './tickLedger.ts';

export interface CronOptions extends Fire {
  timetable: readonly Line[];
  log: Log;
  wallClock(): number;
  leader(): Leader | undefined;
  /** Writes the timetable down, once a term. */
  publish(): Promise<void>;
}

export function createCron({ timetable, log, wallClock, leader, publish, fire, catchUp }: CronOptions) {
  const tasks = createTasks(timetable, log, { onTick, onMissed: (line) => owe(line) });
  /** Lines of which a tick may be missing. */
  const owing = new Set<Line>();
  /** When cron should have called by. */
  const due = new Map<Line, number>();
  let isPublished = false;
  let isCatchingUp = false;
  let work: Promise<void> = Promise.resolve();

  /** Cron starts first, so that no slot falls between what was missed and what comes. */
  function onLead(): void {
    tasks.start();
    for (const line of timetable) due.set(line, nextSlot(line.cron, wallClock()));
    isPublished = false;
    owe(...timetable);
  }

  function onRenewed(): void {
    const late = timetable.filter((line) => due.get(line)! < wallClock() - timings.ticks.overdue_ms);
    if (late.length + owing.size > 0) owe(...late);
  }

  function onLost(): void {
    tasks.stop();
    owing.clear();
  }

  /** A tick that could not be fired is made good after the next renewal; until then no later one is fired before it. */
  function onTick(line: Line, slot: Date): void {
    due.set(line, nextSlot(line.cron, slot.getTime()));
    work = work.then(async () => {
      if (owing.has(line)) return owe();
      try {
        await fire(line, slot.getTime());
      } catch (err) {
        log.warn({ err, job: line.job.name }, 'firing tick failed');
        owing.add(line);
      }
    });
  }

  function owe(...lines: Line[]): void {
    for (const line of lines) owing.add(line);
    if (!isCatchingUp) work = work.then(catchUpAll);
    isCatchingUp = true;
  }

  async function catchUpAll(): Promise<void> {
    isCatchingUp = false;
    if (!leader()) return;
    try {
      if (!isPublished) await publish();
      isPublished = true;
      for (const line of owing) {
        await catchUp(line);
        due.set(line, nextSlot(line.cron, wallClock()));
        owing.delete(line);
      }
    } catch (err) {
      log.warn({ err }, 'reading missed ticks failed');
    }
  }

  return { onLead, onRenewed, onLost, stop: tasks.stop, idle: () => work };
}

interface Calls {
  onTick(line: Line, slot: Date): void;
  onMissed(line: Line): void;
}

/** node-cron's tasks for all lines. */
function createTasks(timetable: readonly Line[], log: Log, { onTick, onMissed }: Calls) {
  const logger = {
    info: (text: string) => log.debug(text),
    debug: (text: string | Error) => log.debug(text),
    warn: (text: string) => log.warn(text),
    error: (text: string | Error, err?: Error) => log.error({ err: err ?? text }, 'cron'),
  };
  let tasks: ScheduledTask[] = [];

  function start(): void {
    stop();
    tasks = timetable.map((line) => {
      const options = { name: line.job.name, timezone: 'UTC', logger };
      const task = schedule(line.cron, ({ date }) => onTick(line, date), options);
      task.on('execution:missed', () => onMissed(line));
      return task;
    });
  }

  function stop(): void {
    for (const task of tasks) void task.destroy();
    tasks = [];
  }

  return { start, stop };
}
