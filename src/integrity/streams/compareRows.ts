/**
 * Compares the rows of the projected tables with what the chain says they hold: every column of every row except those
 * that stand outside the chain, rows that are missing and rows too many.
 */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../core/definitions/event.ts';
import type { Write } from '../../core/definitions/write.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type ProjectedTable, projected } from '../../tables.ts';

/** The SQL type of each `table.column`. */
export type ColumnTypes = ReadonlyMap<string, string>;

const MAX_SHOWN = 200;

export async function readColumnTypes(db: Queryable): Promise<ColumnTypes> {
  const { rows } = await db.query<{ name: string; type: string }>(
    `select c.relname || '.' || a.attname as name, format_type(a.atttypid, null) as type
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.oid = any($1::regclass[]) and a.attnum > 0 and not a.attisdropped`,
    [projected.map(({ name }) => `public.${name}`)],
  );
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
  const stranger = writes.find((write) => !tables.some(({ name }) => name === write.table));
  if (stranger) throw new Error(`events of ${kind} streams write ${stranger.table}, which is no table of theirs`);
  return tables.flatMap((one) =>
    compareTable(
      one,
      types,
      writes.filter((write) => write.table === one.name),
      stored[one.name] ?? [],
    ),
  );
}

function compareTable(table: ProjectedTable, types: ColumnTypes, writes: Write[], stored: JsonObject[]): string[] {
  const { name, primary_key } = table;
  const keyOf = (row: JsonObject) => primary_key.map((column) => row[column]).join(' ');
  const expected = new Map(writes.map(({ key, set }) => [keyOf(key), { ...key, ...set } as JsonObject]));
  const issues: string[] = [];
  for (const row of stored) {
    const key = keyOf(row);
    const wanted = expected.get(key);
    // Taken out, so that a second row of the same key, where the primary key was dropped, is one too many.
    expected.delete(key);
    const faults = wanted ? compareRow(table, types, row, wanted) : ['the chain knows no such row'];
    issues.push(...faults.map((fault) => `Projection mismatch in ${name} ${key}: ${fault}`));
  }
  for (const key of expected.keys()) issues.push(`Projection mismatch in ${name} ${key}: the row is missing`);
  return issues;
}

/** A column that the chain never wrote is null. */
function compareRow(
  { name, outside }: ProjectedTable,
  types: ColumnTypes,
  row: JsonObject,
  wanted: JsonObject,
): string[] {
  const columns = new Set([...Object.keys(row), ...Object.keys(wanted)]);
  return [...columns]
    .filter((column) => !outside.includes(column))
    .map((column) => {
      const type = types.get(`${name}.${column}`);
      return { column, is: normal(type, row[column]), says: normal(type, wanted[column]) };
    })
    .filter(({ is, says }) => !isDeepStrictEqual(is, says))
    .map(({ column, is, says }) => `${column} is ${shown(is)}, the chain says ${shown(says)}`);
}

/** Postgres gives instants with the session's offset, the chain in UTC; infinity and the like stay as they are. */
function normal(type: string | undefined, value: unknown): unknown {
  if (type !== 'timestamp with time zone' || typeof value !== 'string') return value ?? null;
  const instant = new Date(value);
  return Number.isNaN(instant.getTime()) ? value : instant.toISOString();
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
