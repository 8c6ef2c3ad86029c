/** What a benchmark leaves behind: a table for people, and JSON with everything that a figure depends on. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';

const RESULTS = resolve('bench/results');

/** Writes `bench/results/<date>-<name>.json`. */
export async function keepResults(name: string, results: object): Promise<void> {
  const date = new Date().toISOString();
  const path = join(RESULTS, `${date.replace(/[:.]/g, '-')}-${name}.json`);
  await mkdir(RESULTS, { recursive: true });
  await writeFile(path, `${JSON.stringify({ name, date, ...environment(), ...results }, null, 2)}\n`);
  console.log(`\nkept in ${path}`);
}

function environment(): object {
  const cores = cpus();
  return {
    node: process.version,
    cores: cores.length,
    cpu: cores[0]?.model ?? 'unknown',
    memory_mib: Math.round(totalmem() / 2 ** 20),
    load_average: loadavg(),
  };
}

/** Columns are as wide as their widest cell; numbers stand to the right. */
export function table(header: string[], rows: (string | number)[][]): string {
  const all = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const isText = header.map((_, i) => rows.every((row) => typeof row[i] === 'string'));
  const line = (row: string[]) =>
    row.map((cell, i) => (isText[i] ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)));
  return all.map((row) => line(row).join('  ').trimEnd()).join('\n');
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** @param share between 0 and 1 */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
