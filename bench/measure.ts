/** One point: one server, so many connections, from a fresh database to a checked record. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkRecord } from './checkRecord.ts';
import type { Grounds } from './grounds.ts';
import type { LoadEnd, LoadMessage, LoadPlan } from './load.ts';
import { percentile } from './report.ts';
import { type ServerName, startServer } from './servers.ts';
import { readUsage, type Usage } from './usage.ts';

export interface Point {
  server: ServerName;
  connections: number;
  commands: number;
  per_second: number;
  p50_ms: number;
  p99_ms: number;
  /** Microseconds of processor time for each command, by group of processes. */
  cpu_us: Usage;
  /** What the machine did besides, as a share of all its processors. */
  elsewhere: number;
}

const WARM_SECONDS = 2.5;

export async function measurePoint(
  grounds: Grounds,
  { server, connections, seconds, cores }: { server: ServerName; connections: number; seconds: number; cores: number },
): Promise<Point> {
  const database = `bench_${server}`;
  const databaseUrl = await grounds.openDatabase(database);
  const running = await startServer(server, { databaseUrl, redisUrl: grounds.redisUrl });
  try {
    const plan = { url: running.url, dockets: grounds.dockets, connections, warm_seconds: WARM_SECONDS, seconds };
    const load = await runLoad(plan, { ...running.pids, ...grounds.pids });
    const failed = Object.entries(load.failures);
    if (failed.length > 0) throw new Error(`${server} failed requests: ${JSON.stringify(load.failures)}`);
    await checkRecord(databaseUrl, load.answered, connections);
    const { latencies_ms, elapsed_ms, used_us } = load;
    const sorted = latencies_ms.sort((a, b) => a - b);
    const { machine, ...groups } = used_us;
    const ours = Object.values(groups).reduce((sum, used) => sum + used, 0);
    return {
      server,
      connections,
      commands: sorted.length,
      per_second: (sorted.length / elapsed_ms) * 1_000,
      p50_ms: percentile(sorted, 0.5),
      p99_ms: percentile(sorted, 0.99),
      cpu_us: Object.fromEntries(Object.entries(groups).map(([group, used]) => [group, used / sorted.length])),
      elsewhere: Math.max(0, (machine! - ours) / (elapsed_ms * 1_000 * cores)),
    };
  } finally {
    await running.stop();
    await grounds.dropDatabase(database);
  }
}

type Load = Omit<LoadEnd, 'kind'> & { latencies_ms: number[]; elapsed_ms: number; used_us: Usage };

/** Runs the generator and reads the processor time of everybody at both ends of what it measures. */
async function runLoad(plan: LoadPlan, pids: Record<string, number>): Promise<Load> {
  const child = fork(fileURLToPath(new URL('load.js', import.meta.url)), { serialization: 'advanced' });
  const roots = { ...pids, load: child.pid! };
  let begun = { at: 0, usage: {} as Usage };
  const load: Load = { answered: 0, failures: {}, latencies_ms: [], elapsed_ms: 0, used_us: {} };
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the load generator ended with ${code}`)));
    child.on('message', (message: LoadMessage) => {
      if (message.kind === 'measuring') begun = { at: performance.now(), usage: readUsage(roots) };
      if (message.kind === 'measured') {
        const usage = readUsage(roots);
        load.elapsed_ms = performance.now() - begun.at;
        load.latencies_ms = message.latencies_ms;
        for (const [group, used] of Object.entries(usage)) load.used_us[group] = used - begun.usage[group]!;
      }
      if (message.kind !== 'ended') return;
      Object.assign(load, { answered: message.answered, failures: message.failures });
      resolve();
    });
  });
  child.send(plan);
  await ended;
  child.disconnect();
  return load;
}
