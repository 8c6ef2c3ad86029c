/** How Postgres answers a statement: its plan, and the rows that each node of it read. */
import { expect } from 'vitest';
import type { Queryable } from '../../src/core/sql/queryable.ts';

export interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Node[];
}

const PLANNED = 'format json';
const MEASURED = 'analyze, timing off, summary off, format json';
const CHANGES_ROWS = /\b(insert\s+into|update\s+\w+\s+set|delete\s+from)\b/i;

/** The statement is run for it, unless it is only to be planned. */
export async function planOf(
  db: Queryable,
  { text, values = [] }: { text: string; values?: unknown[] },
  { isRun = true } = {},
): Promise<Node> {
  const { rows } = await db.query<{ 'QUERY PLAN': { Plan: Node }[] }>(
    `explain (${isRun ? MEASURED : PLANNED}) ${text}`,
    values,
  );
  return rows[0]!['QUERY PLAN'][0]!.Plan;
}

/** Explains each statement before it is sent. What changes rows is done once, and only planned before. */
export function explaining(db: Queryable, plans: Node[]): Queryable {
  const query = async (asked: string | { text: string; values?: unknown[] }, given?: unknown[]) => {
    const { text, values = given ?? [] } = typeof asked === 'string' ? { text: asked } : asked;
    plans.push(await planOf(db, { text, values }, { isRun: !CHANGES_ROWS.test(text) }));
    return db.query(text, values);
  };
  return { query } as Queryable;
}

export function nodesOf(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/** Rows that a scan of a table or of an index looked at, those included that it did not give out. */
export function rowsRead(node: Node): number {
  if (!/Scan/.test(node['Node Type'])) return 0;
  if (node['Relation Name'] === undefined && node['Index Name'] === undefined) return 0;
  const each =
    (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return each * (node['Actual Loops'] ?? 1);
}

/** Of one table, by all of these plans. */
export function rowsReadOf(plans: readonly Node[], table: string): number {
  return plans
    .flatMap(nodesOf)
    .filter((node) => node['Relation Name'] === table)
    .reduce((sum, node) => sum + rowsRead(node), 0);
}

/** The tables that a plan walks through from end to end. */
export function walksOf(nodes: readonly Node[]): string[] {
  return nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name'] ?? '');
}

/** Of a file's big tables: each of at least so many statements walks through none of them, and reads fewer rows than that. */
export function byKeys({ big, most_rows }: { big: readonly string[]; most_rows: number }) {
  return (plans: readonly Node[], statements: number): void => {
    expect(plans.length).toBeGreaterThanOrEqual(statements);
    for (const plan of plans) {
      const nodes = nodesOf(plan);
      expect(walksOf(nodes).filter((table) => big.includes(table))).toEqual([]);
      expect(nodes.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThan(most_rows);
    }
  };
}
