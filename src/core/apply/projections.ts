/**
 * Projections: tables derived from events in the same transaction. An event's `project` names rows to insert or to
 * change; `applyWrites` sends them to Postgres in one statement a table, `foldWrites` folds the same writes in memory,
 * so that a verifier can compare what the tables hold with what the chain says.
 */

import { sha256 } from '../chain/sha256.ts';
import type { Write } from '../definitions/write.ts';
import { groupBy } from '../groupBy.ts';
import { assertRowCount } from '../sql/assertRowCount.ts';
import type { Queryable } from '../sql/queryable.ts';

/** Later writes to a row are merged into the earlier ones; what remains is at most one write a row, in first-seen order. */
export function foldWrites(writes: Iterable<Write>): Write[] {
  const rows = new Map<string, Write>();
  for (const write of writes) {
    const id = idOf(write);
    const earlier = rows.get(id);
    if (earlier) Object.assign(earlier.set, write.set);
    else rows.set(id, { ...write, set: { ...write.set } });
  }
  return [...rows.values()];
}

/** No text in Postgres has the character that stands between. */
function idOf({ table, key }: Write): string {
  let id = table;
  for (const column in key) id += `\u0000${key[column]}`;
  return id;
}

/** Writes all rows, one statement for each table, kind of write and set of columns. Runs inside the caller's transaction. */
export function applyWrites(db: Queryable, writes: Write[]): Promise<unknown>[] {
  return [...groupBy(foldWrites(writes), shapeOf)].map(([shape, group]) => {
    const rows = JSON.stringify(group.map((write) => ({ ...write.key, ...write.set })));
    return db.query({ ...statementOf(shape, group[0]!), values: [rows, group.length] });
  });
}

/** By shape. */
const named = new Map<string, { name: string; text: string }>();
/** Each connection keeps the plans of them all. What may change a column or leave it has hundreds of shapes. */
const MOST_NAMED = 200;

/** With a name it is planned once. A name has 63 characters at most, and a shape may have more. */
function statementOf(shape: string, write: Write): { name: string; text: string } {
  const known = named.get(shape);
  if (known) return known;
  const written = write.insert ? insertText(write) : updateText(write);
  const demanded = assertRowCount('written', '$2::integer', `rows of ${write.table}`);
  const text = `with written as (${written} returning 1) ${demanded}`;
  if (named.size >= MOST_NAMED) return { name: '', text };
  const statement = { name: `write-${sha256(text).slice(0, 32)}`, text };
  named.set(shape, statement);
  return statement;
}

function shapeOf({ insert, table, key, set }: Write): string {
  return `${insert ? 'insert' : 'update'} ${table} ${Object.keys(key).join()} ${Object.keys(set).sort().join()}`;
}

function insertText({ table, key, set }: Write): string {
  const columns = [...Object.keys(key), ...Object.keys(set).sort()].join(', ');
  return `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, $1)`;
}

function updateText({ table, key, set }: Write): string {
  const changes = Object.keys(set).sort();
  const same = Object.keys(key).map((column) => `t.${column} = r.${column}`);
  return (
    `update ${table} t set ${changes.map((column) => `${column} = r.${column}`).join(', ')} ` +
    `from json_populate_recordset(null::${table}, $1) r where ${same.join(' and ')}`
  );
}
