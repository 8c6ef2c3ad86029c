/**
 * Compares the rows of the projected tables with what the chain says they hold: every column of every row except those
 * that stand outside the chain, rows that are missing and rows too many.
 */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../core/definitions/event.ts';
import type { Write } from '../../core/definitions/write.ts';
import { groupBy } from '../../core/groupBy.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type ProjectedTable, projected } from '../../tables.ts';

/** The SQL type of each `table.column`. */
export type ColumnTypes = ReadonlyMap<string, string>;

const MAX_SHOWN = 200;
const INSTANT = 'timestamp with time zone';

export async function readColumnTypes(db: Queryable): Promise<ColumnTypes> {
  const { rows } = await db.query<{ name: string; type: string }>({
    name: 'read-column-types',
    text: `select c.relname || '.' || a.attname as name, format_type(a.atttypid, null) as type
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.oid = any($1::regclass[]) and a.attnum > 0 and not a.attisdropped`,
    values: [projected.map(({ name }) => `public.${name}`)],
  });
  return new Map(rows.map(({ name, type }) => [name, type]));
}

/** @param kind of the stream; @param stored the rows of its tables as Postgres gives them in JSON */
export function compareRows(
  kind: string,
  types: ColumnTypes,
  writes: Write[],
  stored: { [table: string]: JsonObject[] | null },
): string[] {
  const tables = projected.filter(({ stream }) => stream === kind);
  const byTable = groupBy(writes, ({ table }) => table);
  for (const table of byTable.keys()) {
    if (tables.some(({ name }) => name === table)) continue;
    throw new Error(`events of ${kind} streams write ${table}, which is no table of theirs`);
  }
  return tables.flatMap((one) => compareTable(one, types, byTable.get(one.name) ?? [], stored[one.name] ?? []));
}

function compareTable(table: ProjectedTable, types: ColumnTypes, writes: Write[], stored: JsonObject[]): string[] {
  const { name, primary_key } = table;
  const keyOf = (row: JsonObject) => primary_key.map((column) => row[column]).join(' ');
  const expected = new Map(writes.map((write) => [keyOf(write.key), write]));
  const issues: string[] = [];
  for (const row of stored) {
    const key = keyOf(row);
    const wanted = expected.get(key);
    // Taken out, so that a second row of the same key, where the primary key was dropped, is one too many.
    expected.delete(key);
    const faults = wanted ? compareRow(table, types, row, wanted) : ['the chain knows no such row'];
    for (const fault of faults) issues.push(`Projection mismatch in ${name} ${key}: ${fault}`);
  }
  for (const key of expected.keys()) issues.push(`Projection mismatch in ${name} ${key}: the row is missing`);
  return issues;
}

/** A column that the chain never wrote is null. */
function compareRow({ name, outside }: ProjectedTable, types: ColumnTypes, row: JsonObject, write: Write): string[] {
  const { key, set } = write;
  const faults: string[] = [];
  const compare = (column: string) => {
    const is = row[column] ?? null;
    const says = (column in set ? set[column] : key[column]) ?? null;
    if (is === says || outside.includes(column)) return;
    const type = types.get(`${name}.${column}`);
    if (type === INSTANT && isSameInstant(is, says)) return;
    const [stored, told] = [normal(type, is), normal(type, says)];
    if (isDeepStrictEqual(stored, told)) return;
    faults.push(`${column} is ${shown(stored)}, the chain says ${shown(told)}`);
  };
  for (const column in row) compare(column);
  for (const column in key) if (!(column in row)) compare(column);
  for (const column in set) if (!(column in row) && !(column in key)) compare(column);
  return faults;
}

/** Postgres gives instants with the session's offset, the chain in UTC; infinity and the like stay as they are. */
function normal(type: string | undefined, value: unknown): unknown {
  if (type !== INSTANT || typeof value !== 'string') return value ?? null;
  const instant = new Date(value);
  return Number.isNaN(instant.getTime()) ? value : instant.toISOString();
}

/** Most of them are, and that is told by the letters alone: `2026-11-22T10:00:00.5+00:00` is `2026-11-22T10:00:00.500Z`. */
function isSameInstant(is: unknown, says: unknown): boolean {
  if (typeof is !== 'string' || typeof says !== 'string' || says.length !== 24 || !is.endsWith('+00:00')) return false;
  const milliseconds = (is.slice(19, -6) || '.').padEnd(4, '0');
  return says.endsWith('Z') && says.startsWith(is.slice(0, 19)) && says.slice(19, 23) === milliseconds;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
