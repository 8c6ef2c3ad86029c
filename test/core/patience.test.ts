/** Migrations of a database in use: what must wait for a lock holds up nobody for long, and comes through in the end. */
import knexModule, { type Knex } from 'knex';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import { migrate } from '../../migrations/migrate.ts';
import { buildIndex, patiently } from '../../migrations/patience.ts';
import { OURS, readSchema } from '../../src/infra/postgres/schema.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/processes.ts';

/** Takes an exclusive lock on assignments. */
const LOCKING = '0024_evening';

const migrationSource: Knex.MigrationSource<(typeof migrations)[number]> = {
  getMigrations: async () => migrations,
  getMigrationName: ({ name }) => name,
  getMigration: async (migration) => migration,
};

async function openDatabase(): Promise<TestDatabase> {
  const database = await cloneDatabase();
  onTestFinished(() => database.drop());
  return database;
}

function openKnex(url: string): Knex {
  const knex = knexModule.default({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  onTestFinished(() => knex.destroy());
  return knex;
}

/** A session with a transaction open, named so that it is found. */
async function hold(url: string, ...statements: string[]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'a long report' });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  for (const statement of ['begin', ...statements]) await client.query(statement);
  return client;
}

/** Others wait in other databases of the same server. */
const HERE = 'pid in (select pid from pg_stat_activity where datname = current_database())';

/** Is a lock on the table, or on whoever uses it, asked for in vain? */
async function isAwaited({ pool }: TestDatabase, condition: string): Promise<boolean> {
  const { rowCount } = await pool.query(`select from pg_locks where not granted and ${HERE} and ${condition}`);
  return rowCount! > 0;
}

test('a migration behind a transaction that stays open lets others by, tells who has it, and comes through when it ends', async () => {
  const database = await openDatabase();
  const knex = openKnex(database.url);
  for (const _ of migrations.slice(OURS.indexOf(LOCKING))) await knex.migrate.down({ migrationSource });
  const holder = await hold(database.url, 'select from assignments limit 1');
  const said: string[] = [];
  const migrated = migrate(database.url, { say: (line) => said.push(line) });
  const onAssignments = `relation = 'assignments'::regclass and mode = 'AccessExclusiveLock'`;
  await until('it waits', () => isAwaited(database, onAssignments));
  // Behind it in the queue, and before the transaction ends.
  for (const statement of ['select from assignments limit 1', 'update assignments set title = title']) {
    await database.pool.query(`set statement_timeout = '25s'; ${statement}`);
  }
  const told = `Migration ${LOCKING} waits for a lock; open for long: a long report (pid`;
  await until('it is told', () => said.some((line) => line.startsWith(told)));
  await until('it is tried again', () => isAwaited(database, onAssignments));
  expect(await schemaOf(database)).toEqual(OURS.slice(0, OURS.indexOf(LOCKING)));
  await holder.query('commit');
  await migrated;
  expect(await schemaOf(database)).toEqual(OURS);
});

test('what waits for too long is given up with who has it, and any other fault at once', async () => {
  const describeHolders = async () => '; open for long: a backup (pid 7) for 900 s';
  const waits = { say: () => {}, describeHolders, pause_ms: 1, within_ms: 0 };
  const fault = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
  await expect(patiently('Migration 0099', fault('55P03'), waits)).rejects.toThrow(
    'Migration 0099 waited too long for a lock; open for long: a backup (pid 7) for 900 s. What was migrated before it stays',
  );
  await expect(patiently('Migration 0099', fault('42P01'), { ...waits, within_ms: 60_000 })).rejects.toThrow('42P01');
});

test('an index is built while its table is written to, and one that was cut off is built anew', async () => {
  const database = await openDatabase();
  const knex = openKnex(database.url);
  const holder = await hold(database.url, 'update assignments set title = title');
  await holder.query(
    `insert into assignments select gen_random_uuid(), gen_random_uuid(), 'A', 'Room', now(), 'private', '"moot-20"', now()`,
  );
  const build = () => buildIndex(knex, 'assignments_by_title', 'on assignments (title)');
  const onHolder = `locktype = 'virtualxid'`;
  const isValid = async () => {
    const found = await database.pool.query(
      `select indisvalid from pg_index where indexrelid = to_regclass('assignments_by_title')`,
    );
    return found.rows[0]?.indisvalid as boolean | undefined;
  };

  const cutOff = expect(build()).rejects.toThrow('canceling statement');
  await until('it waits for those before it', () => isAwaited(database, onHolder));
  await database.pool.query(`set statement_timeout = '25s'; update assignments set title = title where false`);
  await database.pool.query(
    `select pg_cancel_backend(pid) from pg_locks where not granted and ${HERE} and ${onHolder}`,
  );
  await cutOff;
  expect(await isValid()).toBe(false);

  const built = build();
  await until('the next waits as well', () => isAwaited(database, 'true'));
  await holder.query('commit');
  await built;
  expect(await isValid()).toBe(true);
  await build();
  expect((await knex.raw('show lock_timeout')).rows).toEqual([{ lock_timeout: '2s' }]);
});

async function schemaOf({ pool }: TestDatabase): Promise<string[]> {
  return readSchema(pool as unknown as pg.Client);
}
