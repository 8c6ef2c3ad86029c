/** What is shown of a run, and what is kept of one that broke a promise. */
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { median, table } from '../bench/report.ts';
import type { Recovery } from './stage.ts';

export interface RoundResult extends Recovery {
  fault: string;
  what: string;
  /** How many the clients sent. */
  commands: number;
  violations: string[];
}

const RESULTS = resolve('chaos/results');
const HEADER = ['fault', 'runs', 'commands', 'recovered p50 ms', 'max', 'told p50 ms', 'max', 'broken promises', ''];

export function tableOf(results: RoundResult[]): string {
  const faults = [...new Set(results.map(({ fault }) => fault))].sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  const rows = faults.map((fault) => {
    const runs = results.filter((result) => result.fault === fault);
    const sum = (pick: (run: RoundResult) => number) => runs.reduce((total, run) => total + pick(run), 0);
    const times = (pick: (run: RoundResult) => number) => [
      Math.round(median(runs.map(pick))),
      Math.max(...runs.map(pick)),
    ];
    return [
      fault,
      runs.length,
      sum(({ commands }) => commands),
      ...times(({ settled_ms }) => settled_ms),
      ...times(({ told_ms }) => told_ms),
      sum(({ violations }) => violations.length),
      runs[0]!.what,
    ];
  });
  return table(HEADER, rows);
}

/** Writes `chaos/results/<date>-<fault>.json`, with all that is needed to see what went wrong. */
export async function keepHistory({ fault }: RoundResult, all: object): Promise<void> {
  const path = resolve(RESULTS, `${new Date().toISOString().replace(/[:.]/g, '-')}-${fault}.json`);
  await mkdir(RESULTS, { recursive: true });
  await writeFile(path, `${JSON.stringify(all, null, 1)}\n`);
  console.log(`  kept in ${path}`);
}
