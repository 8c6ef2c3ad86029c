/**
 * What waits in a stream is read by its key in any plan, also one that was made when the tables' statistics knew of nothing that
 * waits: a backlog comes within minutes, and they are taken anew when a million rows have changed.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PENDING } from '../../src/core/apply/transaction.ts';
import { ofStuck } from '../../src/core/apply/waitingCommands.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { acceptInto, settleIn } from '../support/fillInbox.ts';
import { planOf, rowsReadOf } from '../support/plans.ts';

const SETTLED = 20_000;
const WAITING = 20_000;
const STREAMS = 500;
const ASKED = 8;

let database: TestDatabase;
let worker: pg.Pool;

const accept = (count: number) => acceptInto(database.pool, count, STREAMS);
/** The statistics know of nothing that waits afterwards. */
async function settle(): Promise<void> {
  await settleIn(database.pool);
  await database.pool.query('vacuum analyze commands');
}

beforeAll(async () => {
  database = await cloneDatabase();
  worker = openPool(database.url, 'worker', 1, () => {});
  await accept(SETTLED);
  await settle();
}, 120_000);

afterAll(async () => {
  await worker.end();
  await database.drop();
});

test.each(['force_custom_plan', 'force_generic_plan'])('in a backlog that nobody expected, with %s', async (mode) => {
  const values = [Array.from({ length: ASKED }, (_, n) => `session:${n}`), 500];
  await worker.query(`set plan_cache_mode = ${mode}`);
  const name = `pending-${randomUUID()}`;
  // The plan is made while nothing waits, and kept.
  const read = () => worker.query({ ...PENDING, name, values });
  expect((await read()).rows).toEqual([]);
  await accept(WAITING);
  const each = WAITING / STREAMS;
  expect((await read()).rows).toHaveLength(ASKED * each);
  const { rows } = await worker.query('select name from pg_prepared_statements where name = $1', [name]);
  expect(rows).toEqual([{ name }]);
  const plan = await planOf(worker, { text: `execute "${name}" ('{${values[0]}}', ${values[1]})` });
  expect(rowsReadOf([plan], 'commands')).toBe(ASKED * each);
  await settle();
});

test('what waits in a stuck stream, too', async () => {
  await accept(WAITING);
  await database.pool.query(`update inbox_mark set stuck = array['session:1', 'session:2'], stuck_from = array[0, 0]`);
  const plan = await planOf(worker, { text: ofStuck('position', 10) });
  expect(rowsReadOf([plan], 'commands')).toBe(2 * 10);
});
