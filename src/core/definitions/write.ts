/** What an event or a command writes besides the chain: rows of tables, to insert or to change. */

export type Value = string | number | boolean | null | object;
export type Row = { [column: string]: Value };

export interface Write {
  table: string;
  key: Row;
  set: Row;
  insert: boolean;
}

/** A new row. `key` holds the columns of its primary key. */
export function insert(table: string, key: Row, rest: Row): Write {
  return { table, key, set: rest, insert: true };
}

/** A change to the row with that primary key. */
export function update(table: string, key: Row, changes: Row): Write {
  return { table, key, set: changes, insert: false };
}
