/** What can be done to one cell or one row of any table: another bit, nothing, a neighbour's value; the row gone, or twice. */
import type { Queryable } from '../../../src/core/sql/queryable.ts';
import type { Row } from './attacker.ts';

export const CELL_CHANGES = ['bit', 'null', 'swap'] as const;
export type CellChange = (typeof CELL_CHANGES)[number];
export const ROW_CHANGES = ['delete', 'duplicate'] as const;
export type RowChange = (typeof ROW_CHANGES)[number];

/** SQL: the value with its least bit turned, or the nearest that the type can hold. */
function turned(column: string, type: string): string {
  const c = `"${column}"`;
  if (type === 'bytea') return `set_bit(${c}, 0, 1 - get_bit(${c}, 0))`;
  if (type === 'uuid')
    return `overlay(${c}::text placing to_hex(('x' || right(${c}::text, 1))::bit(4)::integer # 1) from 36)::uuid`;
  if (['integer', 'bigint', 'smallint'].includes(type)) return `${c} # 1::${type}`;
  if (type === 'boolean') return `not ${c}`;
  if (type === 'timestamp with time zone') return `${c} + interval '1 millisecond'`;
  if (type === 'json') return `case ${c}::text when '{}' then '{"bit":0}' else '{}' end::json`;
  if (type === 'integer[]') return `array_append(${c}, 1)`;
  if (type === 'text[]') return `array_append(${c}, 'bit')`;
  return `overlay(${c} placing chr(ascii(${c}) # 1) from 1)`;
}

/** @returns what to run; undefined where the change would change nothing */
export function cellChange(
  change: CellChange,
  table: string,
  [column, type]: readonly [string, string],
  row: Row,
  rows: readonly Row[],
): ((db: Queryable) => Promise<unknown>) | undefined {
  const value = row.values[column];
  const set = (expression: string, ctid: string) =>
    `update ${table} set "${column}" = ${expression} where ctid = '${ctid}'`;
  if (change === 'null') return value === null ? undefined : (db) => db.query(set('null', row.ctid));
  if (change === 'bit')
    return value === null || value === '' ? undefined : (db) => db.query(set(turned(column, type), row.ctid));
  const other = neighbourOf(column, row, rows);
  if (!other) return undefined;
  const of = (ctid: string) => `(select "${column}" from ${table} where ctid = '${ctid}')`;
  return (db) =>
    db.query(
      `update ${table} t set "${column}" = case t.ctid when '${row.ctid}' then ${of(other.ctid)} else ${of(row.ctid)} end
       where ctid in ('${row.ctid}', '${other.ctid}')`,
    );
}

/** The next row whose value is another, and not that alone: two rows that differ in nothing else would be the same two. */
function neighbourOf(column: string, row: Row, rows: readonly Row[]): Row | undefined {
  const at = rows.indexOf(row);
  const others = [...rows.slice(at + 1), ...rows.slice(0, at)];
  const differs = (other: Row, name: string) => JSON.stringify(other.values[name]) !== JSON.stringify(row.values[name]);
  const rest = Object.keys(row.values).filter((name) => name !== column);
  return others.find((other) => differs(other, column) && rest.some((name) => differs(other, name)));
}

export function rowChange(change: RowChange, table: string, { ctid }: Row): (db: Queryable) => Promise<unknown> {
  if (change === 'delete') return (db) => db.query(`delete from ${table} where ctid = '${ctid}'`);
  return (db) => db.query(`insert into ${table} overriding system value select * from ${table} where ctid = '${ctid}'`);
}
