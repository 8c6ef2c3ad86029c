/** One process alone, or processes that share a Redis: a database is never served by both, nor by two who are alone. */
import pino from 'pino';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { claimDatabase, DatabaseInUseError } from '../../src/infra/postgres/databaseClaim.ts';
import type { ClaimMode } from '../../src/infra/postgres/databaseHolders.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { linesOf } from '../support/jobTools.ts';

const PATIENCE = { timeout: 25_000, interval: 20 };

let database: TestDatabase;

beforeEach(async () => {
  database = await cloneDatabase();
});
afterEach(() => database.drop());

async function claim(mode: ClaimMode, end: () => void = () => {}) {
  const lines: { [key: string]: unknown }[] = [];
  const log = pino(
    { level: 'info' },
    linesOf((line) => lines.push(JSON.parse(line))),
  );
  const claimed = await claimDatabase(database.url, mode, { log, end });
  onTestFinished(claimed.release);
  return { ...claimed, lines };
}

const backend = async () => {
  const { rows } = await database.pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and application_name like 'plearoll-%@%'`,
  );
  return rows.map(({ pid }) => pid);
};
const cut = (pid: number) => database.pool.query('select pg_terminate_backend($1)', [pid]);

test('who is alone keeps everybody else out, and says who it is, until it ends', async () => {
  const first = await claim('alone');
  await first.tell('http://127.0.0.1:4711');
  const who = new RegExp(`process ${process.pid} on host \\S+, http://127.0.0.1:4711, since \\d{4}-`);
  for (const mode of ['alone', 'together'] as const) {
    const refused = claim(mode);
    await expect(refused).rejects.toThrow(DatabaseInUseError);
    await expect(refused).rejects.toThrow(who);
  }
  await first.release();
  await claim('together');
});

test('those who share a Redis keep out who would be alone, and not each other', async () => {
  const [first, second] = [await claim('together'), await claim('together')];
  await first.release();
  await expect(claim('alone')).rejects.toThrow('processes that share a Redis');
  await second.release();
  await claim('alone');
});

test('another database of the cluster is another claim', async () => {
  await claim('alone');
  const own = database;
  database = await cloneDatabase();
  try {
    await claim('alone');
  } finally {
    const other = database;
    database = own;
    onTestFinished(other.drop);
  }
});

test('a claim whose connection was lost is taken again', async () => {
  const ended = vi.fn();
  const { lines } = await claim('alone', ended);
  const [lost] = await backend();
  await cut(lost!);
  await vi.waitUntil(() => lines.some(({ msg }) => msg === 'claim on the database taken again'), PATIENCE);
  expect(await backend()).toEqual([expect.any(Number)]);
  expect(await backend()).not.toEqual([lost]);
  await expect(claim('alone')).rejects.toThrow(DatabaseInUseError);
  expect(ended).not.toHaveBeenCalled();
});

test('a process whose claim was taken by another in the meantime ends, and says why', async () => {
  const ended = vi.fn();
  const first = await claim('alone', ended);
  const [lost] = await backend();
  const stranger = await database.pool.connect();
  const theirs = stranger.query('select pg_advisory_lock(1886152033, 1)');
  const waits = `select from pg_locks where classid::bigint = 1886152033 and not granted and database =
    (select oid from pg_database where datname = current_database())`;
  await vi.waitUntil(async () => (await database.pool.query(waits)).rowCount === 1, PATIENCE);
  await cut(lost!);
  await theirs;
  await vi.waitUntil(() => ended.mock.calls.length > 0, PATIENCE).finally(() => stranger.release(true));
  expect(ended).toHaveBeenCalledTimes(1);
  expect(first.lines.at(-1)).toMatchObject({
    level: 60,
    msg: expect.stringMatching(/another \(backend \d+ of Postgres\)/),
  });
});
