/** What the tests of the database ask of every table that a noun keeps, so that none of them names one. */
import type pg from 'pg';
import type { Table } from '../../src/core/definitions/table.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { EXPECTED } from '../../src/integrity/guards/verifyGuards.ts';
import { tables } from '../../src/tables.ts';

export const TABLES = tables.map(({ name }) => name);
/** What the API may ask for at all. */
export const SHOWN = tables.filter(({ visible }) => visible !== 'to_nobody').map(({ name }) => name);
/** Of these, what belongs to an institution and to no match of it. */
export const OF_INSTITUTIONS = tables.filter(({ visible }) => visible === 'to_institution').map(({ name }) => name);
/** The chain itself. */
export const RECORD = ['streams', 'events', 'event_payloads'];

/** All that the door reads of a table: what finds a row, and who may see what. */
export function doorColumns({ found_by, found_for, primary_key, owner, scope }: Table): string[] {
  const finding = found_by === undefined ? [] : [...primary_key, owner];
  return [...new Set([...finding, ...(found_for === undefined ? [] : [found_for]), ...scope])];
}

/** What the migrations make of a kind of thing, as its name and its table's. */
export function described(kind: string): { name: string; table: string }[] {
  return EXPECTED.filter((one) => one.kind === kind).map(({ key, of }) => {
    const table = of!.replace('table ', '');
    return { table, name: key.slice(kind.length + 1).replace(` of ${table}`, '') };
  });
}

/** What drops their constraints of these types of `pg_constraint`. */
export async function dropConstraints(db: Pick<Queryable, 'query'>, names: string[], types: string[]): Promise<string> {
  const { rows } = await db.query<{ drop: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop
     from pg_constraint where contype = any($2) and conrelid = any($1::text[]::regclass[])`,
    [names, types],
  );
  return rows.map(({ drop }) => drop).join(';');
}

/** What drops their unique indexes that are no constraint's. */
export async function dropUniqueIndexes(db: Pick<Queryable, 'query'>, names: string[]): Promise<string> {
  const { rows } = await db.query<{ drop: string }>(
    `select format('drop index %s', indexrelid::regclass) as drop from pg_index
     where indisunique and indrelid = any($1::text[]::regclass[]) and indexrelid not in (select conindid from pg_constraint)`,
    [names],
  );
  return rows.map(({ drop }) => drop).join(';');
}

/**
 * Adds a row that says nothing to each table that has none of the place, past checks and keys: in a database of the
 * test's own, whose checks are gone from then on. A column that is named as the place names an id holds that id.
 */
export async function addAnyRows(pool: pg.Pool, place: { [column: string]: string }): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(await dropConstraints(client as never, TABLES, ['c']));
    await client.query('set local session_replication_role = replica');
    for (const name of TABLES) await addAnyRow(client, name, place);
  } finally {
    // Of what failed it makes a rollback.
    await client.query('commit');
    client.release();
  }
}

const VALUES: { [type: string]: string } = {
  uuid: 'gen_random_uuid()',
  'timestamp with time zone': 'now()',
  boolean: 'false',
  integer: '1',
  smallint: '1',
  bigint: '1',
  json: `'{}'`,
  text: 'gen_random_uuid()::text',
  'text[]': `'{}'`,
};

async function addAnyRow(client: pg.PoolClient, table: string, place: { [column: string]: string }): Promise<void> {
  const { rows } = await client.query<{ column: string; type: string; is_needed: boolean }>(
    `select attname as column, format_type(atttypid, null) as type, attnotnull as is_needed from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
    [table],
  );
  const filled = rows.filter(({ column, is_needed }) => is_needed || column in place);
  const values = filled.map(({ column, type }) => (column in place ? `'${place[column]}'` : (VALUES[type] ?? `'x'`)));
  const own = filled.filter(({ column }) => column in place).map(({ column }) => `${column} = '${place[column]}'`);
  await client.query(
    `insert into ${table} (${filled.map(({ column }) => column).join()}) select ${values.join()}
     where not exists (select from ${table} where ${own.join(' and ') || 'true'})`,
  );
}
