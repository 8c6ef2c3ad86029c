/**
 * Every cell of every row of every table, with another bit, with nothing in it, with its neighbour's value; every row gone, or
 * there twice; by a superuser who leaves all guards as they were. Each is found by the check that the threat model says, at its
 * place, or is one of those of which the threat model says that nothing finds them.
 */
import { describe, expect, it } from 'vitest';
import { EXPECTED } from '../../../src/integrity/guards/verifyGuards.ts';
import { verifyLog } from '../../../src/integrity/log/verifyLog.ts';
import { findingOf, type RunFinding } from '../../../src/integrity/runs/findingOf.ts';
import { verifyOutcomes } from '../../../src/integrity/streams/verifyOutcomes.ts';
import { projected } from '../../../src/tables.ts';
import { isEverything, someOf } from '../../support/everything.ts';
import type { Attacker, Row } from './attacker.ts';
import { CELL_CHANGES, cellChange, ROW_CHANGES, rowChange } from './cells.ts';
import { foundBy, isAt, MATRIX, OUTSIDE, streamOf } from './expectations.ts';
import { type Ground, judged } from './ground.ts';
import { verifyAlike } from './sweptAlike.ts';

export interface Scene {
  ground: Ground;
  attacker: Attacker;
}

interface Case {
  table: string;
  row: Row;
  /** The column, or what is done to the row. */
  what: string;
  change: string;
  work: () => Promise<unknown>;
}

const isProjected = (table: string) => projected.some(({ name }) => name === table);

export const OTHERS = Object.keys(MATRIX).filter((table) => !isProjected(table));
/** The rows of each are tampered with in tableTampering.test.ts, too: in a short run a few of the tables are enough. */
export const OF_CHAIN = someOf(Object.keys(MATRIX).filter(isProjected), 4);

export function describeUntouched(scene: () => Scene): void {
  it('every table of the database is in the matrix, or said to be outside of it and why', () => {
    const all = EXPECTED.filter(({ kind }) => kind === 'table').map(({ key }) => key.slice('table '.length));
    expect([...Object.keys(MATRIX), ...Object.keys(OUTSIDE)].sort()).toEqual(all.sort());
  });

  it('the untouched record is intact at every level', async () => {
    const { ground, attacker } = scene();
    for (const level of ['self', 'log', 'anchored'] as const) {
      expect(await judged(attacker.db, level, ground)).toMatchObject({ verdict: `intact@${level}`, findings: [] });
    }
  });
}

export function describeCells(scene: () => Scene, tables: readonly string[]): void {
  describe.each(tables)('in %s', (table) => {
    it('every cell and every row', async () => {
      const { ground, attacker } = scene();
      const rows = await attacker.rowsOf(table);
      expect(rows.length, `nothing that is played writes ${table}`).toBeGreaterThan(0);
      const tried = rows.filter((row) => isTried(table, row, rows, ground));
      const count = { found: 0, unfound: 0 };
      for (const one of await casesOf(attacker, table, tried, rows)) {
        const found = foundBy(table, one.what, one.change, one.row);
        const told = `${table} ${one.what} ${one.change} ${JSON.stringify(one.row.values).slice(0, 300)}`;
        const { verdict, findings } = await look(scene(), one, isWhole(one, tried));
        count[found ? 'found' : 'unfound'] += 1;
        expect(verdict, told).toBe(found ? 'tampered' : 'intact@anchored');
        if (found) expectFound(findings, found, one, await indexOf(scene(), one), told);
      }
      if (isEverything)
        console.info(`${table}: ${tried.length} rows of ${rows.length}, ${count.found} found, ${count.unfound} not`);
    });
  });
}

/**
 * All rows; but of a long stream, and of what is compared row by row with the chain, both ends: they are the same to every check that
 * looks at them, and an edit of each row is tried in tableTampering.test.ts.
 */
function isTried(table: string, row: Row, rows: readonly Row[], { playedStream, besides }: Ground): boolean {
  if (!isEverything) return rows.indexOf(row) === Math.min(1, rows.length - 1);
  const { stream } = row.values;
  const isAlike = isProjected(table) || table === 'commands' || table === 'log_leaves';
  if (!isAlike && stream !== playedStream && stream !== besides[0]) return true;
  const like = isAlike ? rows : rows.filter((one) => one.values.stream === stream);
  const at = like.indexOf(row);
  return at < 2 || at >= like.length - 2;
}

/** Every case of the first row in all of the suite; of a short run one, and what only a run of everything sees. */
function isWhole({ table, row, change, what }: Case, tried: readonly Row[]): boolean {
  if (change === 'duplicate') return true;
  if (isEverything) return row === tried[0];
  return change === 'delete' && !isProjected(table) && what === 'delete';
}

async function casesOf(
  attacker: Attacker,
  table: string,
  tried: readonly Row[],
  rows: readonly Row[],
): Promise<Case[]> {
  const cases: Case[] = [];
  const columns = [...(await attacker.columnsOf(table))];
  for (const row of tried) {
    for (const [at, column] of columns.entries()) {
      for (const [n, change] of CELL_CHANGES.entries()) {
        // Each column of the tables of the chain is tried in tableTampering.test.ts.
        if (!isEverything && ((at + n) % CELL_CHANGES.length !== 0 || (isProjected(table) && at > 2))) continue;
        const work = cellChange(change, table, column, row, rows);
        if (work) cases.push({ table, row, what: column[0], change, work: () => work(attacker.db) });
      }
    }
    for (const change of ROW_CHANGES) {
      // What is twice is found where the key lets it in, which is looked at once.
      if (change === 'duplicate' && (row !== tried[0] || (!isEverything && isProjected(table)))) continue;
      cases.push({ table, row, what: change, change, work: () => rowChange(change, table, row)(attacker.db) });
    }
  }
  return cases;
}

/** As a run of everything sees it; or, where one of the table has shown that, its stream and the log alone. */
async function look({ ground, attacker }: Scene, { table, row, change, work }: Case, isWhole: boolean) {
  return attacker.undone(async () => {
    await attacker.past([table], work, change === 'duplicate' ? 'keys stay open' : 'all is guarded again');
    if (isWhole) return judged(attacker.db, 'anchored', ground);
    const stream = streamOf(table, row);
    const log = await verifyLog(attacker.db, [ground.kept, ground.state]);
    const own = stream && (await verifyAlike(attacker.db, stream, log.swept));
    const outcomes = table === 'commands' ? (await verifyOutcomes(attacker.db)).issues : [];
    const findings: RunFinding[] = [
      ...log.issues.map((issue) => findingOf(issue, null, 'log')),
      ...(own ? own.issues.map((issue) => findingOf(issue, stream, 'state')) : []),
      ...outcomes.map((issue) => findingOf(issue, null, 'command')),
    ];
    return { verdict: findings.length > 0 ? 'tampered' : 'intact@anchored', findings };
  });
}

function expectFound(
  findings: RunFinding[],
  found: readonly string[],
  { table, row }: Case,
  index: number | null,
  told: string,
): void {
  const there = findings.filter((one) => isAt(table, row, index, one)).map(({ check }) => check);
  expect(
    there.filter((check) => found.includes(check)),
    `${told}: ${JSON.stringify(findings)}`,
  ).not.toEqual([]);
}

/** The leaf of the row's event, or the first of a tile. */
async function indexOf({ attacker }: Scene, { table, row }: Case): Promise<number | null> {
  const { index, stream, sequence } = row.values;
  if (table === 'log_leaves') return Number(index);
  if (table === 'log_tiles') return 0;
  const text = 'select index from log_leaves where stream = $1 and sequence = $2';
  return (await attacker.db.query<{ index: number }>(text, [stream, sequence])).rows[0]?.index ?? null;
}
