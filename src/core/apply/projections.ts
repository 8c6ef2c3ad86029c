/**
 * Projections: tables derived from events in the same transaction. An event's `project` names rows to insert or to
 * change; `applyWrites` sends them to Postgres in one statement a table, `foldWrites` folds the same writes in memory,
 * so that a verifier can compare what the tables hold with what the chain says.
 */

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
  return [...groupBy(foldWrites(writes), shapeOf).values()].map((group) => {
    const text = group[0]!.insert ? insertText(group[0]!) : updateText(group[0]!);
    const rows = JSON.stringify(group.map((write) => ({ ...write.key, ...write.set })));
    const demanding = `with written as (${text} returning 1) ${assertRowCount('written', '$2::integer', `rows of ${group[0]!.table}`)}`;
    return db.query(demanding, [rows, group.length]);
  });
}

function shapeOf({ insert, table, set }: Write): string {
  return `${insert ? 'insert' : 'update'} ${table} ${Object.keys(set).sort().join()}`;
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
