/**
 * What a pool hands out plays its role with its settings, as the server itself says, directly and behind PgBouncer in
 * session mode; where that cannot be had, nothing is handed out, and the sentence says why.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { migrate } from '../../migrations/migrate.ts';
import { takeBackup } from '../../src/backup/takeBackup.ts';
import { DATABASE_ROLES, type DatabaseRole } from '../../src/core/sql/databaseRoles.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { openSession } from '../../src/infra/postgres/ownSession.ts';
import { demandSchema } from '../../src/infra/postgres/schema.ts';
import { takeRole } from '../../src/infra/postgres/takeRole.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { playRound } from '../support/installation.ts';
import { leaveOut } from '../support/leaveOut.ts';
import { hasBouncer, startBouncer } from '../support/pgbouncer.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await cloneDatabase();
});

afterAll(() => database.drop());

const BY_KEY = { enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' };
const COMMON = { timezone: 'UTC', client_encoding: 'UTF8', datestyle: 'ISO, MDY', bytea_output: 'hex' };
const READING = { ...COMMON, ...BY_KEY, statement_timeout: '15s', idle_in_transaction_session_timeout: '10s' };

/** What the server says of a connection of each role, where that is not its default. */
const SETTINGS: Record<DatabaseRole, Record<string, string>> = {
  api: { ...READING, lock_timeout: '5s' },
  door: { ...READING, lock_timeout: '5s', plan_cache_mode: 'force_generic_plan' },
  worker: { ...READING, lock_timeout: '5s', statement_timeout: '30s' },
  relay: READING,
  verifier: { ...COMMON, statement_timeout: '0' },
  queue: { ...COMMON, statement_timeout: '0', search_path: 'bullmq' },
  feeds: { ...READING, lock_timeout: '5s' },
};

/** Whatever the cluster or the login has for a default. */
async function expectFit(url: string, role: DatabaseRole): Promise<void> {
  const pool = openPool(url, role, 2, () => {});
  try {
    const clients = await Promise.all([pool.connect(), pool.connect()]);
    for (const client of clients) {
      const { rows } = await client.query('select current_user as role');
      expect(rows[0].role).toBe(`plearoll_${role}`);
      for (const [name, value] of Object.entries(SETTINGS[role])) {
        const { rows } = await client.query('select current_setting($1) as value', [name]);
        expect(`${name} ${rows[0].value}`).toBe(`${name} ${value}`);
      }
      client.release();
    }
  } finally {
    await pool.end();
  }
}

test.each(DATABASE_ROLES)('a connection as %s has its role and every setting before anybody gets it', (role) =>
  expectFit(database.url, role),
);

test('who verifies waits for a connection for as long as another part of the verification needs it', async () => {
  const [hasty, patient] = [50, 60_000].map((wait_ms) =>
    openPool(database.url, 'verifier', 1, () => {}, undefined, wait_ms),
  ) as [pg.Pool, pg.Pool];
  onTestFinished(async () => void (await Promise.all([hasty.end(), patient.end()])));
  const held = await Promise.all([hasty.connect(), patient.connect()]);
  const waiting = patient.query('select 1 as one');
  await expect(hasty.query('select 1')).rejects.toThrow('timeout exceeded when trying to connect');
  for (const client of held) client.release();
  expect((await waiting).rows).toEqual([{ one: 1 }]);
});

test('a setting that the server does not confirm is a refusal', async () => {
  const client = await openSession(database.url, 'test');
  onTestFinished(() => client.end());
  // The server calls it 1min, so what it says is not what was asked for.
  await expect(takeRole(client, 'plearoll_worker', { lock_timeout: '60s' })).rejects.toThrow(
    'should have lock_timeout = 60s, and the server says 1min',
  );
});

test('a login that may not take a role is told who can help, and a pool of it serves nobody', async () => {
  const login = `login_${database.url.split('/').at(-1)}`;
  await database.pool.query(`create role ${login} login password 'known'`);
  onTestFinished(async () => void (await database.pool.query(`drop role ${login}`)));
  const url = Object.assign(new URL(database.url), { username: login, password: 'known' }).href;
  const pool = openPool(url, 'relay', 2, () => {});
  onTestFinished(() => pool.end());
  for (let n = 0; n < 3; n += 1)
    await expect(pool.query('select 1')).rejects.toThrow(`grant plearoll_relay to "${login}";`);
  await expect(demandSchema(url, 'relay', 'plearoll')).rejects.toThrow(`grant plearoll_relay to "${login}";`);
});

if (!hasBouncer) leaveOut('the tests behind PgBouncer', 'pgbouncer on the PATH');

describe.skipIf(!hasBouncer)('behind PgBouncer', () => {
  async function bounce(mode: 'session' | 'transaction' | 'statement', settings = {}): Promise<string> {
    const bouncer = await startBouncer(database.url, mode, settings);
    onTestFinished(() => bouncer.stop());
    return bouncer.url;
  }

  test.each([
    ['refuses', {}],
    ['drops', { ignore_startup_parameters: 'options' }],
  ])('in session mode that %s start-up options every role and setting is there', async (_, settings) => {
    const url = await bounce('session', settings);
    for (const role of DATABASE_ROLES) await expectFit(url, role);
  });

  test('in session mode the next to get a session of the server has the role that it asked for', async () => {
    const url = await bounce('session', { default_pool_size: 3 });
    for (const role of ['worker', 'relay', 'queue', 'worker'] as const) await expectFit(url, role);
  });

  test('in session mode everything works, and the record verifies', async () => {
    const url = await bounce('session');
    const { verdict } = await playRound(url);
    expect(verdict).toMatchObject({ system_valid: true, tamper_detected: false, guard_issues: [] });
  });

  const SHARED = [
    ['transaction', {}],
    ['transaction', { server_round_robin: 1 }],
    ['transaction', { ignore_startup_parameters: 'options' }],
    ['statement', {}],
  ] as const;

  test.each(SHARED)(
    'in %s mode %j nothing is ever done: no pool, no process, no migration, no backup',
    async (mode, settings) => {
      const url = await bounce(mode, settings);
      await warmUp(url, mode);
      const sentence = /pooler in transaction mode.*session mode/;
      for (const role of DATABASE_ROLES) {
        const pool = openPool(url, role, 2, () => {});
        await expect(pool.query('select current_user')).rejects.toThrow(sentence);
        await pool.end();
      }
      await expect(demandSchema(url, 'worker', 'plearoll')).rejects.toThrow(sentence);
      await expect(migrate(url)).rejects.toThrow(sentence);
      await expect(playRound(url)).rejects.toThrow(sentence);
      await expect(takeBackup(url, '/nonexistent/backup')).rejects.toThrow(sentence);
    },
  );

  test('in transaction mode it is refused however busy others are meanwhile', async () => {
    const url = await bounce('transaction', { default_pool_size: 5 });
    const others = Array.from({ length: 8 }, () => new pg.Client({ connectionString: url }));
    await Promise.all(others.map((client) => client.connect()));
    let isOver = false;
    const busy = others.map(async (client) => {
      for (; !isOver; ) await client.query('select pg_sleep(random() / 1000)');
      await client.end();
    });
    const pool = openPool(url, 'worker', 1, () => {});
    try {
      for (let n = 0; n < 50; n += 1) {
        await expect(pool.query('select current_user')).rejects.toThrow('pooler in transaction mode');
      }
    } finally {
      isOver = true;
      await Promise.all([...busy, pool.end()]);
    }
  });

  /** Several sessions of the server lie ready to be handed round. */
  async function warmUp(url: string, mode: string): Promise<void> {
    const clients = Array.from({ length: 4 }, () => new pg.Client({ connectionString: url }));
    await Promise.all(clients.map((client) => client.connect()));
    const wait = 'select pg_sleep(0.2)';
    await Promise.all(clients.map((client) => client.query(mode === 'statement' ? wait : `begin; ${wait}; commit`)));
    await Promise.all(clients.map((client) => client.end()));
  }
});
