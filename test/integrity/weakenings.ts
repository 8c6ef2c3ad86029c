/**
 * Ways of weakening a database, as a grammar: each rule draws the objects that it strikes from those there are. What
 * is drawn follows from a seed, so that a run can be had again.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';

export interface Struck {
  tables: string[];
  triggers: Named[];
  constraints: Named[];
  checks: Named[];
  keys: Named[];
  columns: (Named & { type: string })[];
  required: Named[];
  policies: Named[];
  indexes: Named[];
  /** With their arguments. */
  functions: string[];
}

interface Named {
  name: string;
  table: string;
}

export async function readStruck(db: Queryable): Promise<Struck> {
  const rows = async <T>(text: string) => (await db.query<T>(text)).rows;
  const constraints = await rows<Named & { type: string }>(
    `select conname as name, conrelid::regclass::text as table, contype::text as type from pg_constraint
     where connamespace = 'public'::regnamespace and contype <> 'n' order by 1, 2`,
  );
  const columns = await rows<Named & { type: string; required: boolean }>(
    `select quote_ident(attname) as name, attrelid::regclass::text as table, format_type(atttypid, null) as type,
       attnotnull and not exists (select from pg_index i where i.indrelid = attrelid and attnum = any(i.indkey))
         and attidentity = '' as required
     from pg_attribute join pg_class c on c.oid = attrelid
     where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
       and relname not like 'knex%' order by 2, 1`,
  );
  return {
    tables: [...new Set(columns.map(({ table }) => table))],
    triggers: await rows(
      `select tgname as name, tgrelid::regclass::text as table from pg_trigger where not tgisinternal order by 1, 2`,
    ),
    constraints,
    checks: constraints.filter(({ type }) => type === 'c'),
    keys: constraints.filter(({ type }) => type === 'f'),
    columns,
    required: columns.filter(({ required }) => required),
    policies: await rows(`select policyname as name, tablename as table from pg_policies order by 1, 2`),
    indexes: await rows(
      `select indexrelid::regclass::text as name, indrelid::regclass::text as table from pg_index
       where indisunique and indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
         and indexrelid not in (select conindid from pg_constraint) order by 1`,
    ),
    functions: (
      await rows<{ name: string }>(
        `select oid::regprocedure::text as name from pg_proc where pronamespace = 'public'::regnamespace order by 1`,
      )
    ).map(({ name }) => name),
  };
}

export type Draw = <T>(from: readonly T[]) => T;
type Weaken = (draw: Draw, struck: Struck) => string;

const ROLES = ['api', 'door', 'worker', 'relay', 'verifier', 'queue', 'feeds'].map((role) => `plearoll_${role}`);
const WRITES = ['insert', 'update', 'delete', 'truncate', 'trigger'];
const STRANGER = 'create role stranger;';
const EMPTY = `create function nothing() returns trigger language plpgsql as 'begin return null; end';`;
const on = (draw: Draw, named: Named[], text: (one: Named) => string) => text(draw(named));

export const WEAKENINGS: Record<string, Weaken> = {
  'a trigger dropped': (draw, { triggers }) =>
    on(draw, triggers, ({ name, table }) => `drop trigger ${name} on ${table}`),
  'a trigger altered': (draw, { triggers }) =>
    on(
      draw,
      triggers,
      ({ name, table }) => `alter table ${table} ${draw(['disable', 'enable', 'enable replica'])} trigger ${name}`,
    ),
  'a trigger renamed': (draw, { triggers }) =>
    on(draw, triggers, ({ name, table }) => `alter trigger ${name} on ${table} rename to other`),
  'a trigger added': (draw, { tables }) =>
    `${EMPTY} create trigger more ${draw(['before insert', 'before update', 'after delete'])} on ${draw(tables)}
     for each ${draw(['row', 'statement'])} execute function nothing()`,
  'the triggers of a foreign key disabled': (draw, { keys }) => `alter table ${draw(keys).table} disable trigger all`,
  'a constraint dropped': (draw, { constraints }) =>
    on(draw, constraints, ({ name, table }) => `alter table ${table} drop constraint ${name} cascade`),
  'a check replaced': (draw, { checks }) =>
    on(
      draw,
      checks,
      ({ name, table }) =>
        `alter table ${table} drop constraint ${name}, add constraint ${name} check (${draw(['true', '1 = 1'])}) ${draw(['', 'not valid'])}`,
    ),
  'a check added': (draw, { tables }) => `alter table ${draw(tables)} add constraint more check (false) not valid`,
  'a foreign key loosened': (draw, { keys }) =>
    on(draw, keys, ({ name, table }) => `alter table ${table} alter constraint ${name} deferrable initially deferred`),
  'NOT NULL dropped': (draw, { required }) =>
    on(draw, required, ({ name, table }) => `alter table ${table} alter column ${name} drop not null`),
  'a default set': (draw, { columns }) =>
    on(
      draw,
      columns.filter(({ type }) => type === 'text'),
      ({ name, table }) => `alter table ${table} alter column ${name} set default 'x'`,
    ),
  'a column retyped': (draw) =>
    `alter table ${draw(['leases alter column holder', 'schedules alter column summary', 'health_reports alter column report'])} type varchar`,
  'a column dropped': (draw, { columns }) =>
    on(draw, columns, ({ name, table }) => `alter table ${table} drop column ${name} cascade`),
  'a column added that computes': (draw, { tables }) =>
    `alter table ${draw(tables)} add column more text default random()::text`,
  'a column renamed': (draw, { columns }) =>
    on(draw, columns, ({ name, table }) => `alter table ${table} rename column ${name} to other`),
  'a table renamed': (draw, { tables }) => `alter table ${draw(tables)} rename to other`,
  'a table inherited from': (draw, { tables }) => `create table more () inherits (${draw(tables)})`,
  'a table unlogged': (draw) => `alter table ${draw(['session_checks', 'findings', 'health_reports'])} set unlogged`,
  'a policy dropped': (draw, { policies }) =>
    on(draw, policies, ({ name, table }) => `drop policy ${name} on ${table}`),
  'a policy altered': (draw, { policies }) =>
    on(
      draw,
      policies,
      ({ name, table }) =>
        `alter policy ${name} on ${table} ${draw(['to public', `to ${ROLES.join()}`, 'using (1 = 1)'])}`,
    ),
  'a policy added': (draw, { tables }) =>
    `create policy more on ${draw(tables)} to ${draw([...ROLES, 'public'])} using (true)`,
  'row security off': (draw, { policies }) =>
    `alter table ${draw(policies).table} ${draw(['disable row level security', 'no force row level security'])}`,
  'a grant to a role of ours': (draw, { tables }) =>
    `grant ${draw(['truncate', 'trigger', 'references'])} on ${draw(tables)} to ${draw(ROLES)}`,
  'a grant to everybody': (draw, { tables }) => `grant ${draw([...WRITES, 'select'])} on ${draw(tables)} to public`,
  'a grant to a stranger': (draw, { tables }) => `${STRANGER} grant ${draw(WRITES)} on ${draw(tables)} to stranger`,
  'a grant on a column': (draw, { columns }) =>
    on(draw, columns, ({ name, table }) => `${STRANGER} grant update (${name}) on ${table} to stranger`),
  'a grant that may be passed on': () => 'grant select on events to plearoll_api with grant option',
  'a grant on a sequence': (draw) =>
    `grant ${draw(['usage', 'update'])} on sequence commands_position_seq to ${draw(ROLES)}`,
  'a grant to create': (draw) =>
    `${STRANGER} grant create on schema public to ${draw([...ROLES, 'stranger', 'public'])}`,
  'a schema in front': (draw) => `create schema ${draw(ROLES)}`,
  'a default grant': (draw) =>
    `${STRANGER} alter default privileges in schema public grant ${draw(['insert', 'all'])} on tables to ${draw([...ROLES, 'stranger'])}`,
  'a membership among ours': (draw) => {
    const of = draw(ROLES);
    return `grant ${draw(ROLES.filter((role) => role !== of))} to ${of}`;
  },
  'a membership in another': (draw) =>
    `grant ${draw(['pg_read_all_data', 'pg_write_all_data', 'pg_maintain'])} to ${draw(ROLES)}`,
  'a membership of a stranger': (draw) =>
    `${STRANGER} grant ${draw(['plearoll_worker', 'plearoll_door', 'plearoll_queue'])} to stranger`,
  'a role attribute': (draw) =>
    `alter role ${draw(ROLES)} ${draw(['bypassrls', 'superuser', 'createrole', 'createdb', 'login', 'replication'])}`,
  'a role setting': (draw) =>
    `alter role ${draw(ROLES)} set ${draw(['session_replication_role = replica', `plearoll.role = 'super_admin'`, 'search_path = other, public', 'row_security = off'])}`,
  'a setting of the database': (draw) =>
    `do 'begin execute format($$alter database %I set ${draw(['session_replication_role = replica', 'search_path = other, public', 'role = plearoll_worker'])}$$, current_database()); end'`,
  'a setting of every role': () => 'alter role all set session_replication_role = replica',
  'a function altered': (draw, { functions }) =>
    `alter function ${draw(functions)} ${draw(['called on null input security definer set row_security = off', 'set search_path = other', 'parallel restricted', 'leakproof'])}`,
  'a function given away': (draw, { functions }) =>
    `${STRANGER} alter function ${draw(functions)} owner to ${draw(['stranger', 'plearoll_worker'])}`,
  'a function rewritten': (draw) =>
    `create or replace function ${draw(['refuse_change', 'refuse_outcome_change', 'refuse_unerased_delete'])}() returns trigger
     language plpgsql as 'begin return ${draw(['old', 'new', 'null'])}; end'`,
  'a function dropped': (draw, { functions }) => `drop function ${draw(functions)} cascade`,
  'a function that stands before one of Postgres': () =>
    `create function format(text, text, text) returns text language sql as 'select $2'`,
  'an operator that stands before one of Postgres': () =>
    'create operator public.= (leftarg = text, rightarg = text, function = starts_with)',
  'a rule added': (draw, { tables }) =>
    `create rule more as on ${draw(['insert', 'update', 'delete'])} to ${draw(tables)} do instead nothing`,
  'an event trigger': () =>
    `create function nothing() returns event_trigger language plpgsql as 'begin end';
     create event trigger more on ddl_command_end execute function nothing()`,
  'a table given away': (draw, { tables }) =>
    `${STRANGER} alter table ${draw(tables)} owner to ${draw(['stranger', 'plearoll_worker'])}`,
  'a sequence turned': () => 'alter sequence commands_position_seq increment by -1 minvalue -9 start 1',
  'a unique index dropped': (draw, { indexes }) => `drop index ${draw(indexes).name}`,
  'a unique index added': (draw, { tables }) => `create unique index more on ${draw(tables)} ((true))`,
  'a view that writes': (draw, { tables }) =>
    `create view more as select * from ${draw(tables)}; grant update on more to public`,
};

/** Mulberry32. */
export function drawing(seed: number): Draw {
  let state = seed >>> 0;
  return (from) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return from[((mixed ^ (mixed >>> 14)) >>> 0) % from.length]!;
  };
}
