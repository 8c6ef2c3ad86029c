/** What the tests of the database ask of every table that a noun keeps, so that none of them names one. */
import type { Table } from '../../src/core/definitions/table.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { EXPECTED } from '../../src/integrity/guards/verifyGuards.ts';
import { tables } from '../../src/tables.ts';

export const TABLES = tables.map(({ name }) => name);
/** What the API may ask for at all. */
export const SHOWN = tables.filter(({ visible }) => visible !== 'to_nobody').map(({ name }) => name);
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
