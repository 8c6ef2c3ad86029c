/**
 * Brings a database to the schema of this version (`plearoll migrate`, and each start of the embedded mode). Safe to run twice, and at once from two
 * machines: an advisory lock stands around the migrations, and one in database `postgres` around the roles, which
 * belong to the whole cluster.
 */
import { assertSchemaCompatibility, LATEST_SCHEMA_VERSION, runMigrations } from 'bullmq';
import type { Knex } from 'knex';
import type pg from 'pg';
import { DEFAULT_ROLE_PREFIX } from '../src/core/sql/databaseRoles.ts';
import { openSession } from '../src/infra/postgres/ownSession.ts';
import {
  demandAccepting,
  demandKnownSchema,
  demandOurRoles,
  OURS,
  readApplied,
  readSchema,
} from '../src/infra/postgres/schema.ts';
import { takeRole } from '../src/infra/postgres/takeRole.ts';
import { type Migration, migrations } from './index.ts';
import { LOCK, makeRoles } from './makeRoles.ts';
import { describeHolders, LOCK_TIMEOUT_MS, type Patience, patiently } from './patience.ts';
import { type RoleNames, roleNames } from './roles.ts';

const TURN_EVERY_MS = 100;

export interface MigrateOptions {
  /** Up to which migrations; all, unless the data that are to come were written under an older schema. */
  wanted?: readonly string[];
  /** Of the installation's roles (`DB_ROLE_PREFIX`). */
  rolePrefix?: string;
  /** Told what is about to be done, where it is anything. */
  say?: (line: string) => void;
}

/** @throws {SchemaError} where a newer version migrated the database, or one with another prefix of roles */
export async function migrate(
  url: string,
  { wanted = OURS, rolePrefix = DEFAULT_ROLE_PREFIX, say }: MigrateOptions = {},
): Promise<void> {
  await withClient(url, (client) => demandOurRoles(client, rolePrefix));
  const roles = roleNames(rolePrefix);
  await makeRoles(url, Object.values(roles));
  await withClient(url, async (client) => {
    await takeTurn(client);
    const found = await readApplied(client);
    demandAccepting(found);
    const applied = found.map(({ name }) => name);
    // Of a newer version that accepts this one: there is nothing to do for it.
    if (!applied.every((name) => OURS.includes(name))) return;
    const missing = wanted.filter((name) => !applied.includes(name));
    const patience: Patience = { say: (line) => say?.(line), describeHolders: () => describeHolders(client) };
    if (missing.length > 0) {
      say?.(applied.length === 0 ? 'Making the tables …' : `Bringing the tables up to date: ${missing.join(', ')} …`);
      await withKnex(url, rolePrefix, (knex) => applyInTurn(knex, missing, sourceOf(wanted), patience));
    }
    await storeRange(client, wanted);
    if (await isQueueCurrent(client)) return;
    await patiently("The queue's schema", () => migrateQueue(client, url, roles), patience);
  });
}

/** Takes everything of ours out of the database, queues included. */
export async function unmake(url: string, rolePrefix = DEFAULT_ROLE_PREFIX): Promise<void> {
  await withClient(url, async (client) => {
    await takeTurn(client);
    demandKnownSchema(await readSchema(client));
    await demandOurRoles(client, rolePrefix);
    await withKnex(url, rolePrefix, (knex) => knex.migrate.rollback({ migrationSource: sourceOf(OURS) }, true));
    await client.query('drop schema if exists bullmq cascade');
  });
}

/** Asks again and again: a statement that waited would have the snapshot open that an index built concurrently waits for. */
async function takeTurn(client: pg.Client): Promise<void> {
  const isOurs = async () => {
    const { rows } = await client.query(`select pg_try_advisory_lock(${LOCK}) as is_ours`);
    return rows[0].is_ours as boolean;
  };
  while (!(await isOurs())) await new Promise((resolve) => setTimeout(resolve, TURN_EVERY_MS));
}

/** Each by itself: what was locked for the one is free before the next is begun. */
async function applyInTurn(
  knex: Knex,
  missing: readonly string[],
  migrationSource: Knex.MigrationSource<Migration>,
  patience: Patience,
): Promise<void> {
  // One that is no transaction leaves knex's own lock when it is killed; ours says that nobody else migrates now.
  await knex.migrate.forceFreeMigrationsLock();
  for (const name of missing) {
    await patiently(
      `Migration ${name}`,
      () => knex.migrate.up({ name, migrationSource } as Knex.MigratorConfig),
      patience,
    );
  }
}

/** Read by processes of older versions, which know nothing of these migrations. */
async function storeRange(client: pg.Client, wanted: readonly string[]): Promise<void> {
  const ranged = migrations.filter(({ name, accepts }) => accepts !== undefined && wanted.includes(name));
  if (ranged.length === 0) return;
  await client.query(
    `update knex_migrations m set accepts = r.accepts from unnest($1::text[], $2::text[]) as r (name, accepts)
     where m.name = r.name and m.accepts is distinct from r.accepts`,
    [ranged.map(({ name }) => name), ranged.map(({ accepts }) => accepts)],
  );
}

async function isQueueCurrent(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(`select to_regclass('bullmq.migration') is not null as exist`);
  return rows[0].exist && (await assertSchemaCompatibility(client, 'bullmq')) === LATEST_SCHEMA_VERSION;
}

function sourceOf(wanted: readonly string[]): Knex.MigrationSource<Migration> {
  return {
    getMigrations: async () => migrations.filter(({ name }) => wanted.includes(name)),
    getMigrationName: (migration) => migration.name,
    getMigration: async (migration) => migration,
  };
}

/** knex is loaded only where there is something to migrate: the embedded mode comes here at every start. */
async function withKnex(url: string, role_prefix: string, work: (knex: Knex) => Promise<unknown>): Promise<void> {
  const { default: knexModule } = await import('knex');
  const pool = {
    ...{ min: 0, max: 1 },
    afterCreate: (connection: pg.Client, done: (fault: Error | null) => void) => {
      connection.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`, done);
    },
  };
  // What fails is thrown, and told by its caller.
  const log = { warn: () => {} };
  const settings = { client: 'pg', connection: url, pool, log, role_prefix };
  const knex = knexModule.default(settings);
  try {
    await work(knex);
  } finally {
    await knex.destroy();
  }
}

/** BullMQ's tables belong to the queue's role, which sees nothing else. It may create only while it migrates. */
async function migrateQueue(client: pg.Client, url: string, { queue }: RoleNames): Promise<void> {
  const database = client.escapeIdentifier(client.database!);
  await client.query(`create schema if not exists bullmq authorization ${queue}`);
  await client.query(`grant create on database ${database} to ${queue}`);
  try {
    await withClient(url, async (owner) => {
      await takeRole(owner, queue, {});
      await owner.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await runMigrations(owner);
    });
  } finally {
    await client.query(`revoke create on database ${database} from ${queue}`);
  }
}

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = await openSession(url, 'plearoll-migrate');
  try {
    await work(client);
  } catch (fault) {
    const { code, message } = fault as { code?: string; message: string };
    if (code !== '42501') throw fault;
    const [login, database] = [client.user!, client.database!].map((name) => client.escapeIdentifier(name));
    const advice = `The login ${login} has to own the database: alter database ${database} owner to ${login};`;
    throw new Error(`${message}. ${advice}`, { cause: fault });
  } finally {
    await client.end();
  }
}
