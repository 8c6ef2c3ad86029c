/**
 * Firing ticks. Whether a tick comes on time, late, or is found to be missing by a new leader, `fire` writes it into
 * the ledger, once, while this scheduler leads; then its doorbell is rung. A doorbell may be
 * lost: the workers' overdue poll finds its tick.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Queues } from '../../src/infra/queue/queue.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import type { Line } from '../schedule.ts';
import { isOnTime, nextSlot, planTicks } from './cronSlots.ts';
import { doorbellId, type Firing, fireTick, type Leader } from './tickLedger.ts';

export interface FiringOptions {
  db: Queryable;
  queues: Queues;
  metrics: Metrics;
  log: Log;
  /** The term to act in, while it can be trusted. */
  leader(): Leader | undefined;
}

export type Fire = ReturnType<typeof createFiring>;

export function createFiring({ db, queues, metrics, log, leader }: FiringOptions) {
  /** @param given_up earlier slots that this one stands for @throws {NotLeading} */
  async function fire(
    line: Line,
    slot_ms: number,
    given_up = 0,
    status: Firing['status'] = 'waiting',
  ): Promise<'fired' | 'known' | 'not leading'> {
    const by = leader();
    if (!by) return 'not leading';
    const { job, cron, queue, missed } = line;
    const key = { name: job.name, slot: new Date(slot_ms).toISOString() };
    const next_slot = new Date(nextSlot(cron, slot_ms)).toISOString();
    const supersedes = missed === 'latest' && status === 'waiting';
    const late_seconds = await fireTick(db, by, { ...key, queue, next_slot, given_up, status, supersedes });
    if (late_seconds === null) return 'known';
    if (status === 'skipped') return 'fired';
    metrics.tickLateness.observe(Math.max(0, late_seconds));
    log.debug({ job: job.name, slot: key.slot, term: by.term, late_seconds }, 'tick fired');
    await queues
      .queue(queue)
      .add(job.name, key, { jobId: doorbellId(key) })
      .catch((err) => {
        metrics.ringFailures.inc();
        log.debug({ err }, 'ringing doorbell failed; the overdue poll finds the tick');
      });
    return 'fired';
  }

  /** Fires, or passes over, what is due since the ledger's last slot. */
  async function catchUp(line: Line): Promise<void> {
    const { job, cron, missed } = line;
    const { since_ms, now_ms } = await readLast(db, job.name);
    const { fire: due, give_up } = planTicks(cron, missed, since_ms, now_ms);
    const late = [...give_up, ...due].filter((slot) => !isOnTime(slot, now_ms)).length;
    if (late > 0) {
      metrics.ticksMissed.inc({ policy: typeof missed === 'string' ? missed : 'all' }, late);
      log.warn({ job: job.name, missed: late, catching_up: due.length }, 'ticks were missed');
    }
    const last = give_up.at(-1);
    if (due.length === 0 && last !== undefined) await fire(line, last, give_up.length - 1, 'skipped');
    for (const [i, slot] of due.entries()) await fire(line, slot, i === 0 ? give_up.length : 0);
  }

  return { fire, catchUp };
}

async function readLast(db: Queryable, name: string): Promise<{ since_ms: number; now_ms: number }> {
  const { rows } = await db.query<{ since_ms: number; now_ms: number }>(
    `select extract(epoch from clock_timestamp())::float8 * 1000 as now_ms,
       extract(epoch from coalesce(
         (select max(slot) from schedule_ticks where name = $1 and term is not null),
         (select known_since from schedules where name = $1),
         clock_timestamp()))::float8 * 1000 as since_ms`,
    [name],
  );
  return rows[0]!;
}

/** Stores the timetable, for GET /ops/schedules; a job that is new counts from now on. */
export async function publishTimetable(db: Queryable, timetable: readonly Line[]): Promise<void> {
  const now = Date.now();
  const rows = timetable.map(({ job, cron, missed, queue }) => ({
    name: job.name,
    summary: job.summary,
    ...{ cron, queue, missed: typeof missed === 'string' ? missed : `all, at most ${missed.all}` },
    next_slot: new Date(nextSlot(cron, now)).toISOString(),
  }));
  await db.query(
    `with lines as (
       select * from json_to_recordset($1)
         as l (name text, summary text, cron text, missed text, queue text, next_slot timestamptz)
     ), gone as (
       delete from schedules where name not in (select name from lines)
     )
     insert into schedules (name, summary, cron, missed, queue, next_slot)
     select name, summary, cron, missed, queue, next_slot from lines
     on conflict (name) do update set summary = excluded.summary, cron = excluded.cron, missed = excluded.missed,
       queue = excluded.queue, next_slot = excluded.next_slot`,
    [JSON.stringify(rows)],
  );
}
