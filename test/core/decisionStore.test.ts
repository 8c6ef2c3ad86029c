/** What policies said is stored once, also where Postgres was away meanwhile, or the process stops in the middle of it. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDecisionStore, type Decided } from '../../src/http/policies/storeDecisions.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

const log = createLog('silent', 'test');
let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'door', 2, () => {});
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const open = () => createDecisionStore({ db: pool as never, log });

function decided(user_id: string): Decided {
  const verdict = { policy_id: randomUUID(), version: 1, outcome: 'passed' as const, lacks: [] };
  const asked = {
    ...{ command: 'turn.start', role: 'judge' as const, user_id, session_id: null },
    ...{ stepped_up: false, confidence: 75, hour: 12 },
  };
  return { institution_id: randomUUID(), asked, verdicts: [verdict], is_accepted: true, is_foreign_admin: false };
}

async function counts(user_id: string): Promise<(number | null)[]> {
  const { rows } = await database.pool.query(
    `select (select sum(count)::integer from policy_decisions where user_id = $1) as decisions,
       (select sum(count)::integer from policy_outcomes where user_id = $1) as outcomes`,
    [user_id],
  );
  return [rows[0].decisions, rows[0].outcomes];
}

test.each(['policy_decisions', 'policy_outcomes'])(
  'where %s cannot be written it is counted on, and stored when it can, neither lost nor twice',
  async (table) => {
    const user_id = randomUUID();
    const store = open();
    const one = decided(user_id);
    await database.pool.query(`alter table ${table} rename to away`);
    store.note(one);
    await store.close();
    store.note(one);
    await store.close();
    await database.pool.query(`alter table away rename to ${table}`);
    store.note(one);
    await store.close();
    expect(await counts(user_id)).toEqual([3, 3]);
  },
);

test.each([
  ['after it, it is counted once', true, new Error('Connection terminated unexpectedly'), [1, 1]],
  ['before it, it is counted on', false, Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), [2, 2]],
])('where the connection is lost %s', async (_, isStored, fault, counted) => {
  const user_id = randomUUID();
  let isLost = true;
  const db = {
    async query(statement: pg.QueryConfig) {
      if (isLost && !isStored) throw fault;
      const answer = await pool.query(statement);
      if (isLost) throw fault;
      return answer;
    },
  };
  const store = createDecisionStore({ db: db as never, log });
  const one = decided(user_id);
  store.note(one);
  await store.close();
  isLost = false;
  if (!isStored) store.note(one);
  await store.close();
  expect(await counts(user_id)).toEqual(counted);
});

test('what an admin of another institution sent is no decision of an admin here', async () => {
  const user_id = randomUUID();
  const store = open();
  store.note({ ...decided(user_id), is_foreign_admin: true });
  await store.close();
  expect(await counts(user_id)).toEqual([null, 1]);
});

test('a stop waits for what is being stored', async () => {
  const user_id = randomUUID();
  const store = open();
  const holder = await database.pool.connect();
  const isWaiting = async () => {
    const { rows } = await database.pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length;
  };
  let isClosed = false;
  try {
    await holder.query('begin; lock table policy_decisions');
    store.note(decided(user_id));
    await expect.poll(isWaiting).toBe(1);
    const closing = store.close().then(() => {
      isClosed = true;
    });
    expect(await isWaiting()).toBe(1);
    expect(isClosed).toBe(false);
    await holder.query('rollback');
    await closing;
  } finally {
    holder.release(true);
  }
  expect(await counts(user_id)).toEqual([1, 1]);
});
