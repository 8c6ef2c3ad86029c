/** Migrations go down and up again, twice, and from several machines at once, and always end in the same schema. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import knexModule, { type Knex } from 'knex';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import { migrate } from '../../migrations/migrate.ts';
import { demandSchema } from '../../src/infra/postgres/schema.ts';
import { cloneDatabase } from '../support/database.ts';

const migrationSource: Knex.MigrationSource<(typeof migrations)[number]> = {
  getMigrations: async () => migrations,
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => migration,
};

/** Everything in the schema but its rows: columns, constraints, indexes, triggers, functions, policies and rights. */
const SCHEMA = `
  select 'column' as what, format('%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull) as it
  from pg_attribute join pg_class c on c.oid = attrelid
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and attnum > 0
  union all select 'constraint', format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
  from pg_constraint where connamespace = 'public'::regnamespace
  union all select 'index', indexdef from pg_indexes where schemaname = 'public'
  union all select 'trigger', format('%s %s', pg_get_triggerdef(oid), tgenabled) from pg_trigger where not tgisinternal
  union all select 'function', pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
  union all select 'policy', format('%s', p) from pg_policies p where schemaname = 'public'
  union all select 'row security', format('%s %s %s', oid::regclass, relrowsecurity, relforcerowsecurity)
  from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
  union all select 'column rights', format('%s %s %s', attrelid::regclass, attname, attacl)
  from pg_attribute join pg_class c on c.oid = attrelid where c.relnamespace = 'public'::regnamespace and attacl is not null
  union all select 'rights', format('%s %s', oid::regclass, relacl) from pg_class where relnamespace = 'public'::regnamespace
  order by 1, 2`;

async function schemaOf(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query(SCHEMA);
  return rows.map(({ what, it }) => `${what}: ${it}`);
}

/** Without what knex keeps of its own. */
const ours = (schema: string[]) => schema.filter((line) => !line.includes('knex_migrations'));

/** Takes back, one by one, what came after the migration of that name. */
async function rollBackTo(url: string, name: string): Promise<void> {
  const knex = knexModule.default({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  const later = migrations.slice(migrations.findIndex((migration) => migration.name === name) + 1);
  for (const _ of later) await knex.migrate.down({ migrationSource });
  await knex.destroy();
}

async function rollBackAll(url: string): Promise<void> {
  const knex = knexModule.default({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  await knex.migrate.rollback({ migrationSource }, true);
  await knex.destroy();
}

test('all the way down nothing of ours is left, and up again it is the same schema', async () => {
  const database = await cloneDatabase();
  const before = await schemaOf(database.pool);
  await rollBackAll(database.url);
  expect(ours(await schemaOf(database.pool))).toEqual([]);
  await migrate(database.url);
  expect(await schemaOf(database.pool)).toEqual(before);
  await database.drop();
});

test('a format of their own is the same after a migration was taken back and made again', async () => {
  const database = await cloneDatabase();
  const ours = { name: 'Ours', segments: [{ side: 'petitioner', kind: 'argument', allotted_ms: 1 }] };
  const formats = async () => (await database.pool.query('select format from assignments order by title')).rows;
  for (const [title, format] of [['a', 'moot-20'] as const, ['b', ours] as const]) {
    await database.pool.query(
      `insert into assignments select gen_random_uuid(), gen_random_uuid(), $1, 'Room', now(), 'private', $2, now()`,
      [title, JSON.stringify(format)],
    );
  }
  const before = await formats();
  expect(before).toEqual([{ format: 'moot-20' }, { format: ours }]);
  await rollBackTo(database.url, '0008_schema_version');
  expect(await formats()).toEqual([{ format: 'moot-20' }, { format: JSON.stringify(ours) }]);
  await migrate(database.url);
  expect(await formats()).toEqual(before);
  await database.drop();
});

test('threats that were not sure enough before it was noted of which admins were told are told when they are', async () => {
  const database = await cloneDatabase();
  await rollBackTo(database.url, '0123_feeds_in_order');
  await database.pool.query(
    `insert into threat_predictions (id, type, found_by, subject_kind, subject, confidence, evidence, told_at)
     select gen_random_uuid(), 'brute_force_attack', 'brute_force', 'address', c::text, c, '{}', now() from unnest(array[79, 80]) c`,
  );
  await migrate(database.url);
  const { rows } = await database.pool.query('select confidence, told_at is not null as told from threat_predictions');
  await database.drop();
  expect(rows).toHaveLength(2);
  expect(rows).toEqual(expect.arrayContaining([79, 80].map((confidence) => ({ confidence, told: confidence === 80 }))));
});

test('what grows with the record is vacuumed by how much came, not by a share of it', async () => {
  const database = await cloneDatabase();
  const { rows } = await database.pool.query(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
       and reloptions && array['autovacuum_vacuum_scale_factor=0', 'autovacuum_vacuum_insert_scale_factor=0'] order by 1`,
  );
  await database.drop();
  expect(rows.map(({ name }) => name)).toEqual([
    ...['commands', 'event_payloads', 'events', 'log_leaves', 'log_queue'],
    ...['session_checks', 'session_observations', 'streams'],
  ]);
});

test('migrating what is up to date changes nothing', async () => {
  const database = await cloneDatabase();
  const before = await schemaOf(database.pool);
  await migrate(database.url);
  expect(await schemaOf(database.pool)).toEqual(before);
  await database.drop();
});

test('callers who migrate an empty database at once all come through, and it is migrated once', async () => {
  const template = await cloneDatabase();
  const name = `empty_${randomBytes(6).toString('hex')}`;
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  await template.pool.query(`create database ${name} template template0`);
  const pool = new pg.Pool({ connectionString: url.href });
  pool.on('error', () => {});
  try {
    await Promise.all(Array.from({ length: 4 }, () => migrate(url.href)));
    const { rows } = await pool.query('select name from knex_migrations order by id');
    expect(rows.map((row) => row.name)).toEqual(migrations.map((migration) => migration.name));
    expect(await schemaOf(pool)).toEqual(await schemaOf(template.pool));
  } finally {
    await pool.end();
    await template.pool.query(`drop database ${name} with (force)`);
    await template.drop();
  }
});

test('a database that a newer version migrated is left as it is where that accepts this version, and does not refuse', async () => {
  const database = await cloneDatabase();
  await database.pool.query(
    `insert into knex_migrations (name, batch, migration_time, accepts) values ('9999_later', 2, now(), $1)`,
    [migrations.at(-1)!.name],
  );
  const before = await schemaOf(database.pool);
  await migrate(database.url);
  expect(await schemaOf(database.pool)).toEqual(before);
  await demandSchema(database.url, 'worker', 'plearoll');
  await database.pool.query(`update knex_migrations set accepts = '9998_between' where name = '9999_later'`);
  await expect(migrate(database.url)).rejects.toThrow('9999_later');
  await expect(demandSchema(database.url, 'worker', 'plearoll')).rejects.toThrow('9999_later');
  await database.drop();
});

test('a database that a newer version migrated is left alone', async () => {
  const database = await cloneDatabase();
  await database.pool.query(
    `insert into knex_migrations (name, batch, migration_time) values ('9999_later', 2, now())`,
  );
  await expect(migrate(database.url)).rejects.toThrow('9999_later');
  await database.drop();
});

const NEW_RULES = migrations.filter(({ name }) => name >= '0034');

/** Tables that grow with the record, or with every sign-in, request or notice. */
const LARGE = [
  'commands',
  'events',
  'event_payloads',
  'streams',
  'log_leaves',
  'log_tiles',
  'session_logs',
  'command_keys',
  ...['logins', 'login_places', 'step_ups', 'policy_decisions', 'policy_outcomes', 'notice_reads', 'follows'],
];

const textOf = (name: string) => readFileSync(join(import.meta.dirname, `../../migrations/${name}.ts`), 'utf8');

test.each(NEW_RULES)('$name builds no index under a lock on a table that grows', ({ name }) => {
  const text = textOf(name);
  const [, up = ''] = /async function up(.*)\nexport async function down/s.exec(text) ?? [];
  const made = [...up.matchAll(/create table (\w+)/g)].map(([, table]) => table!);
  const locked = [...up.matchAll(/create (?:unique )?index (?!concurrently)[^;]*?\bon (\w+)/g)].map(
    ([, table]) => table!,
  );
  expect(locked.filter((table) => LARGE.includes(table) && !made.includes(table))).toEqual([]);
});

test.each(NEW_RULES)('$name accepts none, or a migration before it', ({ name, accepts }) => {
  const before = migrations
    .slice(
      0,
      migrations.findIndex((one) => one.name === name),
    )
    .map((one) => one.name);
  if (accepts !== undefined) expect(before).toContain(accepts);
});

test.each(NEW_RULES)('$name accepts none where older verification would take its functions for tampering', (one) => {
  if (/\b(?:create|replace|alter|drop) function\b/.test(textOf(one.name))) expect(one.accepts).toBeUndefined();
});

test('none before the range was kept says what it accepts', () => {
  expect(migrations.filter(({ name, accepts }) => name < '0034' && accepts !== undefined)).toEqual([]);
});
