/**
 * The whole database is compared with what the migrations make of it. What can write, hide or loosen is an issue, be it
 * gone, too many, or otherwise than it was; the rest is a note, and says nothing against the record.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openPool } from '../../src/infra/postgres/database.ts';
import { describeDatabase } from '../../src/integrity/guards/describeDatabase.ts';
import { EXPECTED, verifyGuards } from '../../src/integrity/guards/verifyGuards.ts';
import { isEverything } from '../support/everything.ts';
import { openTamperer, type Tamperer } from './tamper.ts';
import { openTestDatabase, type TestDatabase } from './testDatabase.ts';
import { drawing, readStruck, type Struck, WEAKENINGS } from './weakenings.ts';

let database: TestDatabase;
let tamperer: Tamperer;
let struck: Struck;

beforeAll(async () => {
  database = await openTestDatabase();
  tamperer = await openTamperer(database.url);
  struck = await readStruck(tamperer.db);
});

afterAll(async () => {
  await tamperer.close();
  await database.close();
});

const guards = (change: string) =>
  tamperer.within(async () => {
    await tamperer.db.query(change);
    return verifyGuards(tamperer.db);
  });

describe('what the migrations make of a database', () => {
  it('is written down', async () => {
    const { things } = await describeDatabase(tamperer.db, null);
    const found = things.filter(({ kind }) => kind !== 'setting');
    expect(found, 'a migration was changed: npm run describe writes down what it makes, for you to read').toEqual(
      EXPECTED,
    );
  });

  it('is what the verifier sees too, who reads nothing but catalogs for it', async () => {
    const pool = openPool(database.url, 'verifier', 1, () => {});
    // Other tests make and drop logins of the same cluster meanwhile.
    await vi.waitFor(async () => {
      const its = await describeDatabase(pool as never, null);
      expect(its).toEqual(await describeDatabase(tamperer.db, null));
    }, 25_000);
    await pool.end();
  });
});

describe('a function of Postgres itself that verification rests on', () => {
  it('is what initdb made of it', async () => {
    expect((await guards('select')).issues).toEqual([]);
  });

  it('is missed where a superuser replaced it, and the statements of verification use the new one', async () => {
    const replace = `create or replace function pg_catalog.sha256(bytea) returns bytea language sql immutable strict
      as $$ select pg_catalog.sha224($1) $$`;
    const { issues } = await guards(replace);
    expect(issues).toContain('Guard changed: function pg_catalog.sha256(bytea)');
    const text = `select encode(sha256(relname::text::bytea), 'hex') as hash from pg_class limit 1`;
    const hash = await tamperer.within(async () => {
      await tamperer.db.query(replace);
      return (await tamperer.db.query<{ hash: string }>(text)).rows[0]!.hash;
    });
    expect(hash).toHaveLength(56);
  });
});

const FIFTEEN: [what: string, change: string, issues: string[]][] = [
  [
    'a dropped trigger',
    'drop trigger outcomes_are_final on commands',
    ['missing: trigger outcomes_are_final of commands'],
  ],
  [
    'a trigger that may rewrite each command',
    `create function rewrite() returns trigger language plpgsql as 'begin return new; end';
     create trigger a_rewrite before insert on commands for each row execute function rewrite()`,
    ['added: function rewrite', 'added: trigger a_rewrite of commands'],
  ],
  [
    'a trigger on events that is disabled as yet',
    `create function later() returns trigger language plpgsql as 'begin return new; end';
     create trigger a_later before insert on events for each row execute function later();
     alter table events disable trigger a_later`,
    ['added: function later', 'added: trigger a_later of events'],
  ],
  [
    'a role that row security does not bind',
    'alter role plearoll_api bypassrls',
    ['loosened: role plearoll_api (bypassing row security is true, should be false)'],
  ],
  [
    'rights to change the record',
    'grant update, delete on events, event_payloads, streams to plearoll_api',
    ['delete', 'update'].flatMap((right) =>
      ['event_payloads', 'events', 'streams'].map((table) => `loosened: grant of ${right} on ${table} to plearoll_api`),
    ),
  ],
  [
    'a role that may act for another',
    'grant plearoll_worker to plearoll_api',
    ['loosened: membership of plearoll_api in plearoll_worker'],
  ],
  [
    'a rule that swallows',
    'create rule swallow as on insert to findings do instead nothing',
    ['added: rule swallow of findings'],
  ],
  [
    'a unique key that is a check of the same name now',
    'alter table events drop constraint uq_event_previous, add constraint uq_event_previous check (true)',
    ['disabled: constraint uq_event_previous of events'],
  ],
  [
    'triggers that the catalog passes over',
    `update pg_class set relhastriggers = false where oid = 'event_payloads'::regclass`,
    ['disabled: table event_payloads'],
  ],
  [
    'checks that the catalog passes over',
    `update pg_class set relchecks = 0 where oid = 'streams'::regclass`,
    ['disabled: table streams'],
  ],
  [
    'a key that the catalog lets be double',
    `update pg_index set indisunique = false where indexrelid = 'uq_event_id'::regclass`,
    ['disabled: constraint uq_event_id of events'],
  ],
  [
    'a function with the rights of whoever calls it',
    'alter function has_seat(uuid) security invoker',
    ['loosened: function has_seat (security definer is false, should be true)'],
  ],
  [
    'a dropped primary key',
    'alter table event_payloads drop constraint event_payloads_pkey',
    ['missing: constraint event_payloads_pkey of event_payloads'],
  ],
  [
    'a column that may be null',
    'alter table streams alter column event_hash drop not null',
    ['loosened: column event_hash of streams (not null is false, should be true)'],
  ],
  [
    'a dropped check',
    'alter table assignments drop constraint ck_assignment_visibility_valid',
    ['missing: constraint ck_assignment_visibility_valid of assignments'],
  ],
];

describe('a guard', () => {
  it.each(FIFTEEN)('%s is named', async (_, change, issues) => {
    expect(await tamperer.guardIssues(change)).toEqual(issues.map((issue) => `Guard ${issue}`));
  });

  it('is named with all the others when all fifteen are gone', async () => {
    const all = await tamperer.guardIssues(FIFTEEN.map(([, change]) => change).join(';'));
    const named = FIFTEEN.flatMap(([, , issues]) => issues.map((issue) => `Guard ${issue}`));
    expect(all.toSorted()).toEqual(named.toSorted());
  });

  it.each([
    [
      'by a setting of the database',
      `do 'begin execute format($$alter database %I set session_replication_role = replica$$, current_database()); end'`,
      'loosened: setting session_replication_role of the database: replica',
    ],
    [
      'by a setting of a role',
      'alter role plearoll_worker set session_replication_role = replica',
      'loosened: setting session_replication_role of plearoll_worker: replica',
    ],
    [
      'where it is in force',
      'set local session_replication_role = replica',
      'loosened: setting session_replication_role in force: replica',
    ],
  ])('that does not fire is named: %s', async (_, change, issue) => {
    expect(await tamperer.guardIssues(change)).toEqual([`Guard ${issue}`]);
  });

  it('in numbers is counted, not listed', async () => {
    const change = `do $do$ begin for i in 1..700 loop
      execute format('create function f%s() returns integer language sql as ''select 1''', i); end loop; end $do$`;
    const issues = await tamperer.guardIssues(change);
    expect(issues).toHaveLength(501);
    expect(issues.at(-1)).toBe('... and 200 more of the database');
  });

  const seed = Number(process.env.GUARDS_SEED ?? Date.now() % 1_000_000);
  const DRAWS = isEverything ? 3 : 1;

  it.each(Object.entries(WEAKENINGS))(`weakened by chance is found: %s (GUARDS_SEED=${seed})`, async (name, weaken) => {
    const draw = drawing(seed + name.length);
    let applied = 0;
    for (let n = 0; applied < DRAWS && n < 10 * DRAWS; n += 1) {
      const change = weaken(draw, struck);
      const found = await guards(change).catch((error: { code?: string }) => error);
      // What Postgres itself refuses, such as dropping what others need, weakens nothing.
      if (!('issues' in found)) {
        if (found.code === undefined) throw found;
        continue;
      }
      applied += 1;
      expect(found.issues, change).not.toEqual([]);
    }
    expect(applied).toBeGreaterThan(0);
  });
});

describe('a note, and no issue, is', () => {
  it.each([
    ['an index', 'create index more on events (occurred_at)', 'index more of events added'],
    [
      'a unique index beside its like, as REINDEX CONCURRENTLY makes',
      'create unique index more on events (event_id)',
      'index more of events added',
    ],
    ['an index that is gone', 'drop index findings_in_order', 'index findings_in_order of findings missing'],
    ['a publication', 'create publication more for all tables', 'publication more added'],
    [
      'a right to read',
      'create role stranger; grant select on events to stranger',
      'grant of select on events to stranger added',
    ],
    ['a table', 'create table more (a integer)', 'table more added'],
    [
      'a foreign table',
      `create foreign data wrapper nothing; create server elsewhere foreign data wrapper nothing;
       create foreign table more (a integer) server elsewhere`,
      'table more added',
    ],
    [
      'a table elsewhere',
      'create schema elsewhere; create table elsewhere.events (a integer)',
      'schema elsewhere added',
    ],
    ['statistics', 'create statistics more on stream, actor_id from events', 'statistics more added'],
    ['a type', `create type more as enum ('a')`, 'type more added'],
    ['a column that holds nothing', 'alter table findings add column more text', 'column more of findings added'],
    [
      'how rows are told apart for copies',
      'alter table findings replica identity full',
      'table findings changed (replica identity is f, should be d)',
    ],
    [
      'a right that is taken away',
      'revoke select on findings from plearoll_api',
      'grant of select on findings to plearoll_api missing',
    ],
    [
      'a login for a process, named as such',
      'create role plearoll_login_api login; grant plearoll_api, plearoll_door to plearoll_login_api',
      'membership of plearoll_login_api in plearoll_door added',
    ],
    [
      'patience',
      `alter role plearoll_worker set statement_timeout = '1min'`,
      'setting statement_timeout of plearoll_worker added: 1min',
    ],
  ])('%s', async (_, change, note) => {
    const { issues, notes } = await guards(change);
    expect(issues).toEqual([]);
    expect(notes).toContain(`Noted: ${note}`);
  });

  it('nothing at all: comments, storage, statistics of a column, and rights taken from everybody', async () => {
    // Roles belong to the server, and another file's test may make some meanwhile.
    const own = (notes: readonly string[]) => notes.filter((note) => !note.includes('plearoll_login_'));
    const before = own((await guards('select 1')).notes);
    const change = `comment on table events is 'x'; alter table commands set (autovacuum_vacuum_threshold = 5);
      alter table events alter column actor_id set statistics 500; revoke execute on function is_open from public;
      do 'begin execute format($$revoke temporary on database %I from public$$, current_database()); end'`;
    const { issues, notes } = await guards(change);
    expect({ issues, notes: own(notes) }).toEqual({ issues: [], notes: before });
  });
});
