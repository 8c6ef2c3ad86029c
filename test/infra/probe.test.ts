/** A Postgres that is slow is not away: the figures grow old and say so, and nobody is turned away for it. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { POLL_POOL_SIZE } from '../../src/infra/postgres/boundedRead.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { PROCESS_KINDS } from '../../src/infra/postgres/heartbeat.ts';
import { createAbsence } from '../../src/infra/telemetry/absence.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { startProbe } from '../../src/infra/telemetry/probe.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

const SOON = { timeout: 25_000, interval: 20 };

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'door', POLL_POOL_SIZE, () => {});
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function open(looks = pool, alive = { api: 1, worker: 1, relay: 1, scheduler: 1, signer: 1 }) {
  const probe = await startProbe({
    pool: looks,
    postgres: createAbsence('Postgres', createLog('silent', 'test')),
    metrics: createMetrics(),
    isRedisConnected: () => null,
    connections: () => 0,
    processes: () => alive,
    every_ms: 50,
  });
  onTestFinished(() => probe.close());
  return probe;
}

test('a look that takes too long is ended, the last figures stay with their age, and the process stays ready', async () => {
  const probe = await open();
  expect(probe.health()).toMatchObject({ healthy: true, degraded: false });
  const locker = await database.pool.connect();
  onTestFinished(() => locker.release(true));
  await locker.query('begin; lock table findings');
  await expect.poll(() => probe.health().degraded, SOON).toBe(true);
  const { as_of } = probe.health().queue;
  const begun = new Set<string>();
  await expect
    .poll(async () => {
      const { rows } = await database.pool.query(`
        select query_start::text as begun from pg_stat_activity
        where datname = current_database() and application_name = 'plearoll-door' and state = 'active'
          and query like '%findings%'`);
      expect(rows.length).toBeLessThanOrEqual(1);
      for (const row of rows) begun.add(row.begun);
      return begun.size;
    }, SOON)
    .toBeGreaterThan(2);
  expect(probe.health()).toMatchObject({ healthy: true, postgres_connected: true, queue: { as_of } });
  expect(probe.isReady()).toBe(true);
  await locker.query('rollback');
  await expect.poll(() => probe.health().degraded, SOON).toBe(false);
  expect(probe.health().queue.as_of! > as_of!).toBe(true);
});

test('a Postgres that answers nothing is away', async () => {
  const nowhere = openPool('postgres://nobody@127.0.0.1:1/nothing', 'door', POLL_POOL_SIZE, () => {});
  onTestFinished(() => nowhere.end());
  const probe = await open(nowhere);
  expect(probe.health()).toMatchObject({ healthy: false, postgres_connected: false, queue: { as_of: null } });
  expect(probe.isReady()).toBe(false);
});

test('without a worker, a relay, a scheduler, a signer or an API all that is left is degraded, and serves', async () => {
  for (const kind of PROCESS_KINDS) {
    const alive = { api: 2, worker: 2, relay: 2, scheduler: 2, signer: 1, [kind]: 0 };
    const probe = await open(pool, alive);
    expect(probe.health()).toMatchObject({ healthy: true, degraded: true, processes: alive });
    expect(probe.isReady()).toBe(true);
  }
});
