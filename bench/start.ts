/** How long `npm start` takes until it is ready, the first time and the second, what its Node process then weighs, and how long each process of the Procfile takes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openGrounds } from './grounds.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, median, table } from './report.ts';
import { startProcesses } from './servers.ts';

const ENTRY = fileURLToPath(new URL('../src/processes/embedded.js', import.meta.url));
const IDLE_MS = 10_000;
const READY_WITHIN_MS = 120_000;
const PROCESSES = {
  api: ['../src/processes/api.js'],
  worker: ['../jobs/worker.js'],
  relay: ['../src/processes/relay.js'],
  scheduler: ['../jobs/scheduler.js'],
  signer: ['../jobs/signer.js'],
};
const GOALS = { second_start_seconds: 5, idle_mib: 150 };

export async function benchStart({ rounds, signal }: BenchOptions): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'plearoll-bench-'));
  try {
    const first = await startOnce(home, 0, signal);
    const second = await startOnce(home, IDLE_MS, signal);
    const each = await startEach(rounds);
    const rows = [
      ['first start to ready', first.seconds.toFixed(2), 's', ''],
      ['second start to ready', second.seconds.toFixed(2), 's', `at most ${GOALS.second_start_seconds}`],
      ['Node process when idle', second.resident_mib.toFixed(0), 'MiB', `at most ${GOALS.idle_mib}`],
      ...Object.entries(each).map(([name, seconds]) => [`${name} to ready`, seconds.toFixed(2), 's', '']),
    ];
    console.log(`\n${table(['', '', '', 'goal'], rows)}`);
    await keepResults('start', { first, second, rounds, each });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

interface Start {
  seconds: number;
  resident_mib: number;
}

/** @throws when it does not get ready, or does not end with code 0 on SIGTERM */
async function startOnce(home: string, idle_ms: number, signal: AbortSignal): Promise<Start> {
  const began = performance.now();
  const env = { PATH: process.env.PATH, PLEAROLL_HOME: home, PORT: '0', LOG_LEVEL: 'error' };
  const child = spawn(process.execPath, [ENTRY], { env, signal, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const deadline = setTimeout(() => child.kill('SIGTERM'), READY_WITHIN_MS);
  const ready = await sees(child.stdout, /^ready http/);
  clearTimeout(deadline);
  const seconds = (performance.now() - began) / 1_000;
  await sleep(ready ? idle_ms : 0);
  const resident_mib = ready ? await readResident(child.pid!) : Number.NaN;
  child.kill('SIGTERM');
  const [code, killer] = await ended;
  if (code !== 0 || !ready) throw new Error(`it ended with ${killer ?? code}${ready ? '' : ' before it was ready'}`);
  return { seconds, resident_mib };
}

/** Each alone, from its start to its first answer that it is ready, in seconds: medians. */
async function startEach(rounds: number): Promise<Record<string, number>> {
  const grounds = await openGrounds();
  const taken: Record<string, number[]> = {};
  try {
    const backing = { databaseUrl: await grounds.openDatabase('bench_start'), redisUrl: grounds.redisUrl };
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, args] of Object.entries(PROCESSES)) {
        const began = performance.now();
        const running = await startProcesses('ours', { [name]: args }, backing);
        taken[name] = [...(taken[name] ?? []), (performance.now() - began) / 1_000];
        await running.stop();
      }
    }
    return Object.fromEntries(Object.entries(taken).map(([name, seconds]) => [name, median(seconds)]));
  } finally {
    await grounds.stop();
  }
}

async function sees(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<boolean> {
  for await (const line of createInterface(stream)) if (pattern.test(line)) return true;
  return false;
}

async function readResident(pid: number): Promise<number> {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kib) / 1_024;
}
