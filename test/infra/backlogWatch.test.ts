/** How the door stands by the inbox of a real database: by what could be worked on, by whose it is, and apart what is stuck. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { moveMark } from '../../jobs/upkeep/moveMark.ts';
import { boundFor } from '../../src/infra/backlog/backlog.ts';
import { startBacklogWatch } from '../../src/infra/backlog/backlogWatch.ts';
import { POLL_POOL_SIZE } from '../../src/infra/postgres/boundedRead.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

const SOON = { timeout: 20_000, interval: 20 };
const [FIRST, SECOND] = [randomUUID(), randomUUID()];

let database: TestDatabase;
let looks: pg.Pool;
let worker: pg.Pool;
beforeAll(async () => {
  database = await cloneDatabase();
  looks = openPool(database.url, 'door', POLL_POOL_SIZE, () => {});
  worker = openPool(database.url, 'worker', 2, () => {});
  await database.pool.query(`
    insert into streams select 'session:' || n, 1, sha256('') from generate_series(0, 39) as n`);
});
beforeEach(() =>
  database.pool.query(`delete from commands; update streams set held_until = null;
    update inbox_mark set low_water = 0, stuck = '{}', stuck_from = '{}', looked_at = clock_timestamp()`),
);
afterAll(async () => {
  await Promise.all([looks.end(), worker.end()]);
  await database.drop();
});

const accept = (count: number, institution_id: string, age_seconds = 0, streams = 40, kind = 'session') =>
  database.pool.query(
    `insert into commands (id, name, stream, streams, input, actor_id, actor_role, institution_id, reply_to, request_id,
       accepted_at)
     select gen_random_uuid(), 'session.log', s, array[s], '{}', 'system', 'system', $2, 'r', 'q',
       now() - $3 * interval '1 second'
     from generate_series(1, $1) as n, concat($5::text, ':', n % $4) as s`,
    [count, institution_id, age_seconds, streams, kind],
  );

async function open() {
  const metrics = createMetrics();
  const log = createLog('silent', 'test');
  const watch = await startBacklogWatch({
    pool: looks,
    apart: ['gallery', 'guard'],
    few: ['guard'],
    metrics,
    log,
    every_ms: 50,
  });
  onTestFinished(() => watch.close());
  return watch;
}

test('a stream that is held back ages alone: its own commands are refused, and nobody else’s', async () => {
  await accept(1, FIRST, 300, 1);
  await database.pool.query(`update streams set held_until = now() + interval '1 hour' where stream = 'session:0'`);
  await database.pool.query(`update inbox_mark set looked_at = 'epoch'`);
  await moveMark(worker);
  const watch = await open();
  expect(watch.refusalOf({ institution_id: FIRST, stream: 'session:0' })).toBe('stuck');
  expect(watch.refusalOf({ institution_id: FIRST, stream: 'session:1' })).toBeUndefined();
  expect(watch.isRefusing()).toBe(false);
  await database.pool.query(`delete from commands`);
  await expect.poll(() => watch.refusalOf({ institution_id: FIRST, stream: 'session:0' }), SOON).toBeUndefined();
});

test('where no worker says so any more, what is stuck is as old as anything that nobody applies', async () => {
  await accept(1, FIRST, 300, 1);
  await database.pool.query(
    `update inbox_mark set stuck = '{session:0}', stuck_from = '{1}', low_water = 1000000, looked_at = now()`,
  );
  const watch = await open();
  expect(watch.refusalOf({ institution_id: SECOND, stream: 'session:1' })).toBeUndefined();
  await database.pool.query(`update inbox_mark set looked_at = now() - interval '1 hour'`);
  await expect.poll(() => watch.refusalOf({ institution_id: SECOND, stream: 'session:1' }), SOON).toBe('shut');
});

test('what waits its turn for a minute shuts the door, as nobody applies anything', async () => {
  await accept(1, FIRST, 61);
  const watch = await open();
  expect(watch.refusalOf({ institution_id: SECOND })).toBe('shut');
  expect(watch.isRefusing()).toBe(true);
});

test('one institution that fills its share is refused while others come in', { timeout: 300_000 }, async () => {
  await accept(boundFor(0) / 2, FIRST);
  const watch = await open();
  expect(watch.refusalOf({ institution_id: FIRST })).toBe('share');
  expect(watch.refusalOf({ institution_id: SECOND })).toBeUndefined();
  await database.pool.query(`delete from commands where position % 2 = 0`);
  await database.pool.query(`delete from commands where position % 10 = 1`);
  await expect.poll(() => watch.refusalOf({ institution_id: FIRST }), SOON).toBeUndefined();
});

test('a door shut by what came in since the last look says so', async () => {
  const watch = await open();
  watch.close();
  for (let n = 0; n < boundFor(0); n += 1) watch.admit({ institution_id: n % 2 ? FIRST : SECOND });
  expect(watch.refusalOf({ institution_id: randomUUID() })).toBe('shut');
  expect(watch.isRefusing()).toBe(true);
});

test('what came in is forgotten with the next look, though no look comes to its end', async () => {
  const metrics = createMetrics();
  const log = createLog('silent', 'test');
  const gone = openPool(database.url, 'door', POLL_POOL_SIZE, () => {});
  const watch = await startBacklogWatch({ pool: gone, apart: ['gallery'], metrics, log, every_ms: 50 });
  onTestFinished(() => watch.close());
  // From now on every look fails.
  await gone.end();
  for (let n = 0; n < boundFor(0); n += 1) watch.admit({ institution_id: FIRST });
  expect(watch.isRefusing()).toBe(true);
  await expect.poll(() => watch.refusalOf({ institution_id: FIRST }), SOON).toBeUndefined();
  expect(watch.isRefusing()).toBe(false);
});

test('what comes in between two looks counts at once', async () => {
  const watch = await open();
  watch.close();
  for (let n = 0; n < boundFor(0) / 2; n += 1) watch.admit({ institution_id: FIRST });
  expect(watch.refusalOf({ institution_id: FIRST })).toBe('share');
  expect(watch.refusalOf({ institution_id: SECOND })).toBeUndefined();
});

const gallery = { stream: 'gallery:1' };
const court = { stream: 'session:1' };

test('what is none of the court’s has a quarter of the bound, and shuts the door for itself alone', {
  timeout: 300_000,
}, async () => {
  await accept(boundFor(0) / 4, FIRST, 0, 40, 'gallery');
  const watch = await open();
  for (const institution_id of [FIRST, SECOND]) {
    expect(watch.refusalOf({ institution_id, ...gallery })).toBe('apart');
    expect(watch.refusalOf({ institution_id, ...court })).toBeUndefined();
    // A ban against those who fill it.
    expect(watch.refusalOf({ institution_id, stream: 'guard:1' })).toBeUndefined();
  }
  expect(watch.isRefusing()).toBe(false);
  await database.pool.query(`delete from commands where position % 4 > 0`);
  await expect.poll(() => watch.refusalOf({ institution_id: SECOND, ...gallery }), SOON).toBeUndefined();
});

test('of that quarter an institution has a share, which takes nothing of its share of the rest', async () => {
  const watch = await open();
  watch.close();
  for (let n = 0; n < boundFor(0) / 8; n += 1) watch.admit({ institution_id: FIRST, ...gallery });
  expect(watch.refusalOf({ institution_id: FIRST, ...gallery })).toBe('apart');
  expect(watch.refusalOf({ institution_id: SECOND, ...gallery })).toBeUndefined();
  for (let n = 0; n < boundFor(0) / 4; n += 1) watch.admit({ institution_id: FIRST, ...court });
  expect(watch.refusalOf({ institution_id: FIRST, ...court })).toBeUndefined();
});

test('where it waits for a minute, the court goes on', async () => {
  await accept(1, FIRST, 61, 1, 'gallery');
  const watch = await open();
  expect(watch.refusalOf({ institution_id: SECOND, ...gallery })).toBe('apart');
  expect(watch.refusalOf({ institution_id: FIRST, ...court })).toBeUndefined();
  expect(watch.isRefusing()).toBe(false);
});
