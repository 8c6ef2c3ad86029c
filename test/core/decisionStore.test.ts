/** What policies said is stored once, also where Postgres was away meanwhile, or the process stops in the middle of it. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
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

const open = () => createDecisionStore({ pool, log });

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

test('where the connection is lost after it, it is counted once, and what may be lost is told', async () => {
  const user_id = randomUUID();
  const told = vi.spyOn(log, 'warn');
  let isLost = true;
  const connect = async () => {
    const client = await pool.connect();
    const query = async (statement: pg.QueryConfig | string) => {
      const answer = await client.query(statement as pg.QueryConfig);
      if (isLost && statement === 'commit') throw new Error('Connection terminated unexpectedly');
      return answer;
    };
    return { query, on() {}, off() {}, release: () => client.release() };
  };
  const store = createDecisionStore({ pool: { connect } as never, log });
  try {
    const one = decided(user_id);
    store.note(one);
    await store.close();
    isLost = false;
    await store.close();
    expect(await counts(user_id)).toEqual([1, 1]);
    store.note(one);
    await store.close();
    expect(told.mock.calls.map(([what]) => what)).toEqual([{ dropped: 2 }]);
  } finally {
    told.mockRestore();
  }
});

test('behind something that accepts connections and closes them it is counted on: nothing was sent', async () => {
  const user_id = randomUUID();
  const door = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(door, 'listening');
  const { port } = door.address() as AddressInfo;
  const shut = openPool(`postgres://nobody@127.0.0.1:${port}/none`, 'door', 2, () => {});
  let ways = shut;
  const store = createDecisionStore({ pool: { connect: () => ways.connect() } as never, log });
  try {
    const one = decided(user_id);
    store.note(one);
    await store.close();
    ways = pool;
    await store.close();
    expect(await counts(user_id)).toEqual([1, 1]);
  } finally {
    await shut.end();
    door.close();
  }
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
