/** The servers under test: ours as the Procfile runs it, and the peers, each as the processes an operator would start. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/ports.ts';

export const SERVERS = ['ours', 'direct', 'naive'] as const;
export type ServerName = (typeof SERVERS)[number];

export interface RunningServer {
  url: string;
  /** Of each group. */
  urls: Record<string, string>;
  /** The first process of each group. */
  pids: Record<string, number>;
  /** @throws when a process does not end with code 0 */
  stop(): Promise<void>;
}

interface Backing {
  databaseUrl: string;
  redisUrl: string;
}

/** Of exhibits' files, which nothing here has. */
const HOME = mkdtempSync(join(tmpdir(), 'plearoll-bench-home-'));
process.on('exit', () => rmSync(HOME, { recursive: true, force: true }));

export const SECRET = 'a secret of the benchmarks alone, which is long enough';
const READY_WITHIN_MS = 60_000;

/** Relative to this file once it is built. */
export const PROCESSES: Record<ServerName, Record<string, string[]>> = {
  ours: { worker: ['../jobs/worker.js'], api: ['../src/processes/api.js'] },
  direct: { api: ['peers/direct.js'] },
  naive: { worker: ['peers/naive.js', 'worker'], api: ['peers/naive.js', 'api'] },
};

export function startServer(
  name: ServerName,
  backing: Backing,
  settings?: Record<string, string>,
): Promise<RunningServer> {
  // Of exhibits, which a folder keeps for one installation alone.
  const BLOB_DIR = mkdtempSync(join(HOME, 'exhibits-'));
  return startProcesses(name, PROCESSES[name], backing, { BLOB_DIR, ...settings });
}

/** @param processes the arguments of each by its group; `url` is that of the API, or of the last */
export async function startProcesses(
  name: string,
  processes: Record<string, string[]>,
  backing: Backing,
  settings: Record<string, string> = {},
): Promise<RunningServer> {
  const started = new Map<string, { child: ChildProcess; url: string }>();
  const stop = async () => {
    for (const [group, { child }] of [...started].reverse()) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      if (child.exitCode !== 0) throw new Error(`${name} ${group} ended with ${child.signalCode ?? child.exitCode}`);
    }
  };
  try {
    for (const [group, args] of Object.entries(processes))
      started.set(group, await launch(group, args, backing, settings));
    for (const server of started.values()) await untilReady(server);
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  const pids = Object.fromEntries([...started].map(([group, { child }]) => [group, child.pid!]));
  const urls = Object.fromEntries([...started].map(([group, { url }]) => [group, url]));
  const { url } = started.get('api') ?? [...started.values()].at(-1)!;
  return { url, urls, pids, stop };
}

async function launch(
  group: string,
  [file, ...args]: string[],
  { databaseUrl, redisUrl }: Backing,
  settings: Record<string, string>,
) {
  const port = settings.PORT ?? String(await freePort());
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    PLEAROLL_HOME: HOME,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    JWT_SECRET: SECRET,
    SERVER_SECRET: SECRET,
    PORT: port,
    RELAY_PORT: port,
    // An API and a relay have their port for something else.
    METRICS_PORT: /^(api|relay)/.test(group) ? '0' : port,
    RATE_LIMIT_GENERAL_PER_MINUTE: '0',
    GUARD_MAX_KEYS: '0',
    RATE_LIMIT_READS_PER_MINUTE: '0',
    WS_MAX_CONNECTIONS_PER_USER: '0',
    WS_MAX_CONNECTIONS_PER_IP: '0',
    LOG_LEVEL: 'error',
    ...settings,
  };
  const path = fileURLToPath(new URL(file!, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  endWithUs(child);
  return { child, url: `http://127.0.0.1:${port}` };
}

/** Whatever becomes of this process, none that it started outlives it. */
export function endWithUs(child: ChildProcess): void {
  const end = () => void child.kill('SIGKILL');
  process.on('exit', end);
  child.once('exit', () => process.off('exit', end));
}

async function untilReady({ child, url }: { child: ChildProcess; url: string }): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await fetch(`${url}/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${child.spawnargs[1]} has ended`);
    if (performance.now() > deadline) throw new Error(`${child.spawnargs[1]} is not ready after ${READY_WITHIN_MS} ms`);
    await sleep(25);
  }
}
