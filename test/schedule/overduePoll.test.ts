/** The overdue poll: kinds of work that wait are polled, and no others; none holds up another. */
import pino from 'pino';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type OverdueWork, startOverduePoll } from '../../jobs/overduePoll.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { linesOf } from '../support/jobTools.ts';

const SOON = { timeout: 25_000, interval: 20 };
const log = createLog('silent', 'test');

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
  await database.pool.query('create table work (kind text)');
});
afterAll(() => database.drop());

/** Work of a kind, and how often it was polled. */
function kind(name: string, work: () => Promise<void> = async () => {}): OverdueWork & { polls: number } {
  const one = {
    name,
    waits: `exists (select from work where kind = '${name}')`,
    polls: 0,
    async poll() {
      one.polls += 1;
      await work();
    },
  };
  return one;
}

test('only what waits is looked at, from the moment it does until it does no more', async () => {
  const done = () => database.pool.query(`delete from work where kind = 'letters'`);
  const letters = kind('letters', async () => void (await done()));
  const parcels = kind('parcels');
  const overduePoll = startOverduePoll(database.pool, [letters, parcels], log);
  await database.pool.query(`insert into work values ('letters')`);
  await expect.poll(() => letters.polls, SOON).toBe(1);
  // It may have begun, and would take the next along.
  const left = async () => (await database.pool.query(`select from work where kind = 'letters'`)).rowCount;
  await expect.poll(left, SOON).toBe(0);
  await database.pool.query(`insert into work values ('letters')`);
  await expect.poll(() => letters.polls, SOON).toBe(2);
  await overduePoll.close();
  expect([letters.polls, parcels.polls]).toEqual([2, 0]);
});

test('a look that takes long is not begun again and holds up no other, nor does one that fails', async () => {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const long = kind('long', () => ended);
  const broken = kind('broken', async () => {
    throw new Error('broken');
  });
  const usual = kind('usual');
  await database.pool.query(`insert into work values ('long'), ('broken'), ('usual')`);
  const overduePoll = startOverduePoll(database.pool, [long, broken, usual], log);
  await expect.poll(() => Math.min(usual.polls, broken.polls), SOON).toBeGreaterThan(2);
  expect(long.polls).toBe(1);
  let isClosed = false;
  const closed = overduePoll.close().then(() => {
    isClosed = true;
  });
  await expect.poll(() => usual.polls, SOON).toBeGreaterThan(2);
  expect(isClosed).toBe(false);
  end();
  await closed;
});

test('a question that cannot be asked is asked again', async () => {
  const late = kind('late');
  await database.pool.query(`insert into work values ('late'); alter table work rename to mislaid`);
  const warned: string[] = [];
  const noting = pino(
    { level: 'warn' },
    linesOf((line) => warned.push(line)),
  );
  const overduePoll = startOverduePoll(database.pool, [late], noting);
  await expect.poll(() => warned.length, SOON).toBeGreaterThan(1);
  await database.pool.query('alter table mislaid rename to work');
  await expect.poll(() => late.polls, SOON).toBeGreaterThan(0);
  await overduePoll.close();
  expect(warned[0]).toContain('overdue poll failed');
});

test('where the question takes too long, it is looked at all the same, and the question is ended', async () => {
  const hidden = kind('hidden');
  const locker = await database.pool.connect();
  onTestFinished(() => locker.release(true));
  await locker.query('begin; lock table work');
  const overduePoll = startOverduePoll(database.pool, [hidden], log);
  await expect.poll(() => hidden.polls, SOON).toBeGreaterThan(1);
  const { rows } = await database.pool.query(
    `select count(*)::int as asking from pg_locks where relation = 'work'::regclass and not granted`,
  );
  expect(rows[0].asking).toBeLessThanOrEqual(1);
  await locker.query('rollback');
  await overduePoll.close();
});
