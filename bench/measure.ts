/** A server in a comparison: started on a database of its own, warmed up, then measured point by point. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { checkRecord } from './checkRecord.ts';
import type { Docket, Grounds } from './grounds.ts';
import type { LoadEnd, LoadMessage, LoadPlan } from './load.ts';
import { percentile } from './report.ts';
import { type RunningServer, type ServerName, startServer } from './servers.ts';
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

/** What a server's database is a copy of. */
export interface Footing {
  /** Tells contestants of one name apart. */
  label?: string;
  /** Of its processes, beside the usual. */
  settings?: Record<string, string>;
  /** Undefined: the template of the grounds, with nothing but their sessions. */
  template?: string;
  /** Of what is older nothing is checked. */
  since?: string;
}

/** A server that is up and warm. */
export interface Contestant {
  name: ServerName;
  footing?: Footing;
  running: RunningServer;
  databaseUrl: string;
  /** Commands answered so far, and how many may have been cut off when a load ended. */
  answered: number;
  cut_off: number;
  leave(): Promise<void>;
}

// It takes so many requests until the slowest server's code is compiled as far as it will be.
const WARM_UP = { connections: 64, warm_commands: 10_000, seconds: 0 };
const SETTLE_COMMANDS = 500;

export async function enterContestant(
  grounds: Grounds,
  name: ServerName,
  signal: AbortSignal,
  footing: Footing = {},
): Promise<Contestant> {
  const { label, settings } = footing;
  const database = `bench_${name}${footing.template ? '_on_another' : ''}${label ? `_${label}` : ''}`;
  const databaseUrl = await grounds.openDatabase(database, footing.template);
  const running = await startServer(name, { databaseUrl, redisUrl: grounds.redisUrl }, settings);
  const leave = async () => {
    await running.stop();
    await grounds.dropDatabase(database);
  };
  const contestant = { name, footing, running, databaseUrl, answered: 0, cut_off: 0, leave };
  try {
    await loadContestant(grounds, contestant, WARM_UP, signal);
    return contestant;
  } catch (error) {
    await leave();
    throw error;
  }
}

export interface PointPlan {
  connections: number;
  seconds: number;
  /** Those of the grounds, unless told. */
  dockets?: Docket[] | undefined;
  signal: AbortSignal;
}

export async function measurePoint(
  grounds: Grounds,
  contestant: Contestant,
  { connections, seconds, dockets, signal }: PointPlan,
): Promise<Point> {
  // Where others are asked for than before, each once.
  const warm_commands = (dockets?.length ?? SETTLE_COMMANDS) + connections;
  const load = await loadContestant(grounds, contestant, { connections, warm_commands, seconds, dockets }, signal);
  const { latencies_ms, elapsed_ms, used_us } = load;
  const sorted = latencies_ms.sort((a, b) => a - b);
  const { machine, ...groups } = used_us;
  const ours = Object.values(groups).reduce((sum, used) => sum + used, 0);
  return {
    server: contestant.name,
    connections,
    commands: sorted.length,
    per_second: (sorted.length / elapsed_ms) * 1_000,
    p50_ms: percentile(sorted, 0.5),
    p99_ms: percentile(sorted, 0.99),
    cpu_us: Object.fromEntries(Object.entries(groups).map(([group, used]) => [group, used / sorted.length])),
    elsewhere: Math.max(0, (machine! - ours) / (elapsed_ms * 1_000 * availableParallelism())),
  };
}

/** @throws when a request failed, or the record that is left is not what was answered */
async function loadContestant(
  grounds: Grounds,
  contestant: Contestant,
  { dockets = grounds.dockets, ...plan }: Omit<LoadPlan, 'url' | 'dockets'> & Pick<PointPlan, 'dockets'>,
  signal: AbortSignal,
): Promise<Load> {
  const { running, databaseUrl } = contestant;
  const pids = { ...running.pids, ...grounds.pids };
  const load = await runLoad({ ...plan, url: running.url, dockets }, pids, signal);
  if (Object.keys(load.failures).length > 0) {
    throw new Error(`${contestant.name} failed requests: ${JSON.stringify(load.failures)}`);
  }
  contestant.answered += load.answered;
  contestant.cut_off += plan.connections;
  await checkRecord(databaseUrl, contestant.answered, contestant.cut_off, contestant.footing?.since);
  return load;
}

type Load = Omit<LoadEnd, 'kind'> & { latencies_ms: number[]; elapsed_ms: number; used_us: Usage };

/** Runs the generator and reads the processor time of everybody at both ends of what it measures. */
async function runLoad(plan: LoadPlan, pids: Record<string, number>, signal: AbortSignal): Promise<Load> {
  const child = fork(fileURLToPath(new URL('load.js', import.meta.url)), { serialization: 'advanced', signal });
  const roots = { ...pids, load: child.pid! };
  let begun = { at: 0, usage: {} as Usage };
  const load: Load = { answered: 0, failures: {}, latencies_ms: [], elapsed_ms: 0, used_us: {} };
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
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
