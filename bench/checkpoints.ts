/** How long an event is without a signed checkpoint over it, under a full load of commands, and how long the end of a session is. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Docket, openGrounds } from './grounds.ts';
import { type Contestant, measurePoint } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, table } from './report.ts';
import { PROCESSES, startProcesses } from './servers.ts';

const CONNECTIONS = 64;
const ENDED = 20;
const SEALED_WITHIN_MS = 60_000;
const SEALED = 'select (select count(*) from events) <= (select max(size) from log_checkpoints) as is_done';
/** Of what was recorded since the signer was up, by the database's one clock. */
const LAGS = `
  with sealed as (
    select size, coalesce(lag(size) over (order by size), 0) as before, created_at from log_checkpoints
  )
  select e.event_type = 'SESSION_COMPLETED' as is_end, count(*)::integer as events,
    percentile_cont(array[0.5, 0.99, 1]) within group (order by extract(epoch from s.created_at - e.occurred_at)) as lags
  from sealed s join log_leaves l on l.index >= s.before and l.index < s.size
  join events e on e.stream = l.stream and e.sequence = l.sequence
  where e.occurred_at > $1 group by 1 order by 1`;

interface Lags {
  is_end: boolean;
  events: number;
  /** Seconds: the middle, the 99th of a hundred, the longest. */
  lags: [p50: number, p99: number, most: number];
}

export async function benchCheckpoints({ seconds, signal }: BenchOptions): Promise<void> {
  const grounds = await openGrounds();
  const [ended, dockets] = [grounds.dockets.slice(0, ENDED), grounds.dockets.slice(ENDED)];
  const databaseUrl = await grounds.openDatabase('bench_checkpoints');
  const client = new pg.Client({ connectionString: databaseUrl });
  try {
    const all = { ...PROCESSES.ours, signer: ['../jobs/signer.js'] };
    const running = await startProcesses('ours', all, { databaseUrl, redisUrl: grounds.redisUrl });
    const contestant: Contestant = { name: 'ours', running, databaseUrl, answered: 0, cut_off: 0, leave: running.stop };
    try {
      await client.connect();
      const { rows: clock } = await client.query<{ now: string }>('select clock_timestamp()::text as now');
      const plan = { connections: CONNECTIONS, seconds, signal };
      const ending = endOneByOne(running.url, ended, (seconds * 1_000) / ENDED);
      const { per_second } = await measurePoint({ ...grounds, dockets }, contestant, plan);
      await ending;
      await untilSealed(client);
      const { rows } = await client.query<Lags>(LAGS, [clock[0]!.now]);
      const named = rows.map(({ is_end, events, lags }) => [
        is_end ? 'end of a session' : 'event',
        events,
        ...lags.map(rounded),
      ]);
      console.log(`${Math.round(per_second)} commands/s`);
      console.log(table(['to its signed checkpoint', 'how many', 'p50 s', 'p99 s', 'most s'], named));
      await keepResults('checkpoints', { seconds, per_second, lags: rows });
    } finally {
      await client.end();
      await running.stop();
    }
  } finally {
    await grounds.stop();
  }
}

const rounded = (seconds: number) => Number(seconds.toFixed(2));

async function endOneByOne(url: string, dockets: Docket[], every_ms: number): Promise<void> {
  for (const { session_id, token } of dockets) {
    await sleep(every_ms);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}/api/session/${session_id}/complete`, { method: 'POST', headers, body: '{}' });
    if (!response.ok) throw new Error(`completing answered ${response.status}: ${await response.text()}`);
  }
}

async function untilSealed(client: pg.Client): Promise<void> {
  const deadline = performance.now() + SEALED_WITHIN_MS;
  while (!(await client.query<{ is_done: boolean }>(SEALED)).rows[0]!.is_done) {
    if (performance.now() > deadline) throw new Error('events are still without a checkpoint');
    await sleep(100);
  }
}
