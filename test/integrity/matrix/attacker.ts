/**
 * A superuser whose visit leaves no trace but what it changed: triggers, checks, NOT NULL and the uniqueness of keys are switched
 * off in the catalogs themselves, and are as they were before the verifier looks. Every case is rolled back.
 */
import pg from 'pg';
import type { JsonObject } from '../../../src/core/definitions/event.ts';
import type { Queryable } from '../../../src/core/sql/queryable.ts';
import { types } from '../../../src/infra/postgres/database.ts';

export interface Attacker {
  db: Queryable;
  /** What the work does to these tables, past all that guards them. */
  past(tables: readonly string[], work: () => Promise<unknown>, then?: Guarding): Promise<void>;
  /** Undone whatever happens. */
  undone<T>(work: () => Promise<T>): Promise<T>;
  rowsOf(table: string): Promise<Row[]>;
  /** The SQL type of each column that can be written, in order. */
  columnsOf(table: string): Promise<Map<string, string>>;
  close(): Promise<void>;
}

/** How the tables are left: as they were, or with keys that let a second row in. */
export type Guarding = 'all is guarded again' | 'keys stay open';

export interface Row {
  /** Where the row lies: the same in every case, for each is rolled back. */
  ctid: string;
  values: JsonObject;
}

interface Guarded {
  checks: number;
  has_triggers: boolean;
  unique: string[];
  required: number[];
}

const GUARDED = `
  select c.relchecks as checks, c.relhastriggers as has_triggers,
    array(select indexrelid::text from pg_index where indrelid = c.oid and indisunique) as unique,
    array(select attnum::integer from pg_attribute where attrelid = c.oid and attnum > 0 and attnotnull) as required
  from pg_class c where c.oid = $1::regclass`;

export async function openAttacker(url: string): Promise<Attacker> {
  const client = new pg.Client({ connectionString: url, pipeline: true, types });
  await client.connect();
  // As the verifier's own connections have it.
  await client.query('set jit = off');
  await client.query('begin');
  const db: Queryable = client;
  const known = new Map<string, Guarded>();

  async function guardedBy(table: string): Promise<Guarded> {
    const kept = known.get(table) ?? (await db.query<Guarded>(GUARDED, [table])).rows[0]!;
    known.set(table, kept);
    return kept;
  }

  async function past(tables: readonly string[], work: () => Promise<unknown>, then?: Guarding): Promise<void> {
    const guarded = await Promise.all(tables.map(async (table) => ({ table, ...(await guardedBy(table)) })));
    const set = (isOn: boolean, isUnique: boolean) =>
      client.query(guarded.map((one) => guardsText(one, isOn, isUnique)).join(''));
    await set(false, false);
    await work();
    await set(true, then !== 'keys stay open');
  }

  async function undone<T>(work: () => Promise<T>): Promise<T> {
    await client.query('savepoint before');
    try {
      return await work();
    } finally {
      await client.query('rollback to before; release before');
    }
  }

  async function columnsOf(table: string): Promise<Map<string, string>> {
    const text = `select attname as name, format_type(atttypid, null) as type from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity = '' order by attnum`;
    const { rows } = await db.query<{ name: string; type: string }>(text, [table]);
    return new Map(rows.map(({ name, type }) => [name, type]));
  }

  async function rowsOf(table: string): Promise<Row[]> {
    const { rows } = await db.query<Row>(`select ctid::text, to_json(t) as values from ${table} t order by t.ctid`);
    return rows;
  }

  return { db, past, undone, rowsOf, columnsOf, close: () => client.end() };
}

function guardsText(
  { table, checks, has_triggers, unique, required }: Guarded & { table: string },
  isOn: boolean,
  isUnique: boolean,
) {
  const [triggers, count] = isOn ? [has_triggers, checks] : [false, 0];
  const of = (column: string, ids: readonly unknown[]) => `${column} in (${ids.join() || 'null'})`;
  return `
    update pg_class set relhastriggers = ${triggers}, relchecks = ${count} where oid = '${table}'::regclass;
    update pg_index set indisunique = ${isUnique} where ${of('indexrelid', unique)};
    update pg_attribute set attnotnull = ${isOn}
      where attrelid = '${table}'::regclass and ${of('attnum', required)};`;
}
