/** Every column of every row that the chain determines: an edit is found and named, and so is a row too many or too few. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import type { RecordReport } from '../../src/integrity/recordReport.ts';
import { type ColumnTypes, readColumnTypes } from '../../src/integrity/streams/compareRows.ts';
import { type ProjectedTable, projected } from '../../src/tables.ts';
import { isEverything } from '../support/everything.ts';
import { type Fixture, openFixture } from './fixture.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let fixture: Fixture;
let types: ColumnTypes;

beforeAll(async () => {
  fixture = await openFixture();
  types = await readColumnTypes(fixture.tamperer.db);
  await fixture.tamperer.disarm();
});
afterAll(() => fixture?.close());

const query = (text: string, ...values: unknown[]) => fixture.query(text, ...values);

async function rowsOf({ name }: ProjectedTable): Promise<JsonObject[]> {
  const { rows } = await fixture.tamperer.db.query<{ row: JsonObject }>(`select to_json(t) as row from ${name} t`);
  return rows.map(({ row }) => row);
}

/** Rows of one table differ in what they say, and are compared by the same code. */
const tried = (rows: JsonObject[]) => (isEverything ? rows : rows.slice(-1));

const keyOf = ({ primary_key }: ProjectedTable, row: JsonObject) => primary_key.map((column) => row[column]).join(' ');

/** Where the row of that key is, with $1 onwards as its values. */
const whereKey = ({ primary_key }: ProjectedTable) =>
  primary_key.map((column, i) => `${column} = $${i + 1}`).join(' and ');

function issuesOf({ invalid_sessions, invalid_streams }: RecordReport): string[] {
  return [...invalid_sessions, ...invalid_streams].flatMap(({ issues }) => issues);
}

async function issuesAfter(change: () => Promise<unknown>): Promise<string[]> {
  const { record } = await fixture.tamperer.reports(fixture.stream, change);
  expect(record.tamper_detected).toBe(true);
  return issuesOf(record);
}

/** Of the streams of those owners alone. */
async function streamIssuesAfter(table: ProjectedTable, owners: unknown[], change: () => Promise<unknown>) {
  const found: string[] = [];
  for (const owner of new Set(owners)) {
    const { is_valid, issues } = await fixture.tamperer.streamReport(`${table.stream}:${owner}`, change);
    expect(is_valid).toBe(false);
    found.push(...issues);
  }
  return found;
}

/**
 * Another value of the column's type, as Postgres takes it and as a finding shows it.
 *
 * @param step  of numbers: a key moves past all the rows there are
 */
function forgery(type: string, value: unknown, step: number): { value: unknown; shown: unknown } {
  const same = (forged: unknown) => ({ value: forged, shown: forged });
  if (type === 'uuid') return same(randomUUID());
  if (type === 'json') return { value: '{"forged":true}', shown: { forged: true } };
  if (type === 'boolean') return same(!value);
  if (type === 'text[]') return same(['session']);
  if (type === 'integer[]' || type === 'smallint[]' || type === 'bigint[]') return same([1_000]);
  if (type === 'integer' || type === 'smallint' || type === 'bigint') return same((value as number) + step);
  if (type === 'timestamp with time zone') {
    return same(new Date(value === null ? 0 : Date.parse(value as string) + 1).toISOString());
  }
  if (type === 'character varying') return same('forged');
  if (type === 'character') return same('f'.repeat(64));
  return same(`${value}, forged`);
}

/** A value as the chain has it: instants in UTC. */
function original(type: string, value: unknown): unknown {
  return type === 'timestamp with time zone' && value !== null ? new Date(value as string).toISOString() : value;
}

describe.each(projected)('in $name', (table) => {
  const { name, primary_key, outside, owner } = table;

  /** A row of an erasure says what may be missing in another stream: what is found there stands beside. */
  const ofTable = (issues: string[]) =>
    name === 'erasures' ? issues.filter((issue) => issue.startsWith(`Projection mismatch in ${name} `)) : issues;

  it('every column of every row that is edited is found', async () => {
    const rows = tried(await rowsOf(table));
    const all = Object.keys(rows[0]!).filter((column) => !outside.includes(column));
    // Columns of one type are compared by the same code, and the keys by a code of their own.
    const kindOf = (column: string) =>
      `${primary_key.includes(column)} ${column === owner} ${types.get(`${name}.${column}`)}`;
    const columns = isEverything
      ? all
      : all.filter((column, at) => all.findIndex((one) => kindOf(one) === kindOf(column)) === at);
    let cases = 0;
    for (const row of rows) {
      const key = keyOf(table, row);
      const values = primary_key.map((column) => row[column]);
      for (const column of columns) {
        const type = types.get(`${name}.${column}`)!;
        const forged = forgery(type, row[column], primary_key.includes(column) ? 1_000 : 1);
        const text = `update ${name} set ${column} = $${values.length + 1} where ${whereKey(table)}`;
        const change = () => query(text, ...values, forged.value);
        const owners = [row[owner], column === owner ? forged.shown : row[owner]];
        const isShown = row === rows[0] && (isEverything || column === columns[0]);
        // One row of each column, or in a short run one of each table, shows that the whole record says what its stream says.
        const issues = ofTable(await (isShown ? issuesAfter(change) : streamIssuesAfter(table, owners, change)));
        if (primary_key.includes(column) || column === owner) {
          expect(issues, column).toContain(`Projection mismatch in ${name} ${key}: the row is missing`);
          const moved = keyOf(table, { ...row, [column]: forged.shown });
          expect(issues, column).toContain(`Projection mismatch in ${name} ${moved}: the chain knows no such row`);
        } else {
          const is = JSON.stringify(forged.shown);
          const says = JSON.stringify(original(type, row[column]));
          expect(issues).toHaveLength(1);
          const [told, chained] = issues[0]!.split(', the chain says ') as [string, string];
          expect(told).toBe(`Projection mismatch in ${name} ${key}: ${column} is ${is}`);
          // What is long is cut short, and a format's keys have no order of their own.
          if (says.length <= 200) expect(chained).toBe(says);
          else expect(chained).toMatch(/^.{200}…$/);
        }
        cases += 1;
      }
    }
    expect(cases).toBe(rows.length * columns.length);
    expect(all.length).toBeGreaterThan(2);
  });

  it('what stands outside the chain may change', async () => {
    const columns = Object.keys((await rowsOf(table))[0]!);
    expect(columns).toEqual(expect.arrayContaining([...outside]));
    for (const column of outside) {
      const { record } = await fixture.tamperer.reports(fixture.stream, () =>
        query(`update ${name} set ${column} = '{"edited":true}'`),
      );
      expect(issuesOf(record)).toEqual([]);
    }
  });

  it('every row that is deleted is found', async () => {
    const rows = await rowsOf(table);
    for (const row of tried(rows)) {
      const values = primary_key.map((column) => row[column]);
      const change = () => query(`delete from ${name} where ${whereKey(table)}`, ...values);
      const issues = ofTable(
        await (row === rows[0] ? issuesAfter(change) : streamIssuesAfter(table, [row[owner]], change)),
      );
      expect(issues).toEqual([`Projection mismatch in ${name} ${keyOf(table, row)}: the row is missing`]);
    }
    expect(rows.length).toBeGreaterThan(1);
  });

  it('a row that is added is found, in a stream that is there and in one that is not', async () => {
    const [row] = await rowsOf(table);
    const isWhole = isEverything || table === projected[0];
    for (const id of [row![owner], randomUUID()]) {
      const added = { ...row } as JsonObject;
      for (const column of primary_key)
        added[column] = types.get(`${name}.${column}`) === 'integer' ? 1_000 : randomUUID();
      if (!primary_key.includes(owner) || primary_key.length > 1) added[owner] = id;
      const change = () =>
        query(`insert into ${name} select * from json_populate_record(null::${name}, $1)`, JSON.stringify(added));
      const issues = await (isWhole ? issuesAfter(change) : streamIssuesAfter(table, [added[owner]], change));
      const surplus = `Projection mismatch in ${name} ${keyOf(table, added)}: the chain knows no such row`;
      const isKnown = added[owner] === row![owner];
      expect(issues).toEqual(isKnown ? [surplus] : ['Stream missing: no event is recorded, yet it has rows', surplus]);
    }
  });
});

it('a second row of one key, where the key was dropped, is one too many', async () => {
  const report = await fixture.tamperer.streamReport(fixture.stream, async () => {
    await query('alter table session_participations drop constraint session_participations_pkey');
    await query('insert into session_participations select * from session_participations');
  });
  expect(report.issues).toHaveLength(3);
  for (const issue of report.issues)
    expect(issue).toMatch(/^Projection mismatch in session_participations .*: the chain knows no such row$/);
});

it('metadata is compared by what it says, not by how it is written', async () => {
  const text = '{ "nested": {"a": true, "b": [1.0, null]}, "note": "Gr\\u00f6\\u00dfe — 😀", "round": 3 }';
  const report = await fixture.tamperer.streamReport(fixture.stream, () =>
    query('update courtroom_sessions set metadata = $2 where id = $1', fixture.session_id, text),
  );
  expect(report.issues).toEqual([]);
});
