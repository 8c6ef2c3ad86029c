/** What one of each of our processes costs while nobody asks for anything, as a share of one core. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openGrounds } from './grounds.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, table } from './report.ts';
import { startProcesses } from './servers.ts';
import { readUsage, type Usage } from './usage.ts';

const PROCESSES = {
  worker: ['../jobs/worker.js'],
  api: ['../src/processes/api.js'],
  relay: ['../src/processes/relay.js'],
  scheduler: ['../jobs/scheduler.js'],
};
/** What a process does once, such as compiling what it uses, is done by then. */
const SETTLE_MS = 45_000;
const MEASURE_MS = 60_000;
const MOST_PERCENT = 1;

export async function benchRest({ signal }: BenchOptions): Promise<void> {
  const grounds = await openGrounds();
  try {
    const databaseUrl = await grounds.openDatabase('bench_rest');
    const server = await startProcesses('ours', PROCESSES, { databaseUrl, redisUrl: grounds.redisUrl });
    try {
      await sleep(SETTLE_MS, undefined, { signal });
      const before = readUsage(server.pids);
      const began = performance.now();
      await sleep(MEASURE_MS, undefined, { signal });
      const shares = sharesOf(before, readUsage(server.pids), performance.now() - began);
      const ours = Object.keys(PROCESSES).reduce((sum, name) => sum + shares[name]!, 0);
      const rows = Object.entries({ ...shares, ours }).map(([name, percent]) => [name, percent.toFixed(2)]);
      console.log(`\n${table(['process', '% of a core'], rows)}`);
      console.log(`\nall of ours: ${ours.toFixed(2)} % (at most ${MOST_PERCENT})`);
      await keepResults('rest', { seconds: MEASURE_MS / 1_000, percent_of_a_core: { ...shares, ours } });
    } finally {
      await server.stop();
    }
  } finally {
    await grounds.stop();
  }
}

function sharesOf(before: Usage, after: Usage, passed_ms: number): Usage {
  return Object.fromEntries(Object.entries(after).map(([name, us]) => [name, (us - before[name]!) / (passed_ms * 10)]));
}
