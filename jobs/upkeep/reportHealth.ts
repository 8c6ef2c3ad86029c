/**
 * The daily health report: how much there is, how the last 24 hours went, and what an operator should see. It is
 * stored, and read at `/ops/health-report`; a second run of the same tick writes it anew.
 */
import type pg from 'pg';
import { withTimeout } from '../../src/core/withTimeout.ts';
import { readInboxLoad } from '../../src/infra/backlog/backlog.ts';
import { readDurability } from '../../src/infra/postgres/durability.ts';
import { readVersion } from '../../src/infra/process/version.ts';
import type { Queues } from '../../src/infra/queue/queue.ts';
import { QUEUE_NAMES } from '../../src/infra/queue/queueNames.ts';
import { defineJob } from '../job.ts';
import { assessHealth, type HealthFacts } from './assessHealth.ts';
import { countCommands } from './countCommands.ts';

const QUEUE_WITHIN_MS = 5_000;

export const reportHealth = defineJob({
  name: 'generate_system_health_report',
  formerly: 'report.health',
  summary: 'Stores a report on the last 24 hours, with what somebody should look at',
  most_ms: 5 * 60_000,
  async run({ pool, verifierPool, queues, slot, progress, isOver }) {
    const { findings_open, ...inbox } = await readInboxLoad(pool);
    const facts: HealthFacts = {
      version: readVersion(),
      database: await readDatabase(verifierPool),
      record: await readRecord(verifierPool),
      findings_open,
      commands: await countCommands(pool, isOver),
      inbox: { ...inbox, oldest_pending_seconds: Math.floor(inbox.oldest_pending_seconds) },
      jobs: await readJobs(pool),
      queues: await readQueues(queues),
    };
    await progress(1, 1);
    const concerns = assessHealth(facts);
    await pool.query(
      `insert into health_reports (slot, concerns, report) values ($1, $2, $3)
       on conflict (slot) do update set made_at = clock_timestamp(), concerns = excluded.concerns, report = excluded.report`,
      [slot, concerns, JSON.stringify(facts)],
    );
    return { concerns };
  },
});

async function readDatabase(pool: pg.Pool): Promise<HealthFacts['database']> {
  const { rows } = await pool.query<{ version: string; bytes: number }>(
    `select current_setting('server_version') as version, pg_database_size(current_database()) as bytes`,
  );
  return { ...rows[0]!, durability: await readDurability(pool) };
}

async function readRecord(pool: pg.Pool): Promise<HealthFacts['record']> {
  const { rows } = await pool.query(
    `select count(*) as streams, coalesce(sum(sequence), 0)::bigint as events,
       (select count(*) from assignments) as assignments,
       (select coalesce(json_object_agg(status, n), '{}') from
         (select status, count(*) as n from courtroom_sessions group by status) as counted) as sessions
     from streams`,
  );
  return rows[0];
}

async function readJobs(pool: pg.Pool): Promise<HealthFacts['jobs']> {
  const { rows } = await pool.query(
    `select s.name, extract(epoch from clock_timestamp() - s.next_slot)::integer as overdue_seconds,
       count(t.slot) filter (where t.status = 'succeeded') as succeeded,
       count(t.slot) filter (where t.status = 'failed') as failed,
       count(t.slot) filter (where t.status = 'succeeded' and t.result ->> 'is_complete' = 'false') as incomplete,
       coalesce(sum(t.given_up), 0) + count(t.slot) filter (where t.status = 'skipped') as passed_over,
       coalesce(extract(epoch from max(t.fired_at - t.slot)), 0)::integer as most_late_seconds
     from schedules s
     left join schedule_ticks t on t.name = s.name and t.fired_at > clock_timestamp() - interval '24 hours'
     group by s.name order by s.name`,
  );
  return rows;
}

/** Null where the queue's server does not answer. */
async function readQueues(queues: Queues): Promise<HealthFacts['queues']> {
  const counts = QUEUE_NAMES.map(async (name) => [name, await queues.queue(name).getJobCounts()] as const);
  return withTimeout(Promise.all(counts), QUEUE_WITHIN_MS, 'the queue does not answer').then(
    (found) => Object.fromEntries(found),
    () => null,
  );
}
