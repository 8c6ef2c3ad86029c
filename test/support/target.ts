/** A server in processes of its own, to be attacked: what it holds can be told from what the test holds. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFailed, onTestFinished } from 'vitest';
import { type Cast, cast, get, openSession } from './client.ts';
import { cloneDatabase } from './database.ts';
import { killAll, type Process, startProcess, until } from './processes.ts';
import { SECRET } from './secret.ts';
import { kind } from './stack.ts';
import { expectIntact } from './verdict.ts';

export interface Target {
  url: string;
  port: number;
  people: Cast;
  session_id: string;
  path: string;
  /** Resident, of the process that answers HTTP. */
  memoryMiB(): number;
  /** The process lives, answers, and the record is intact. */
  expectUnharmed(): Promise<void>;
}

/** With a session under way; gone when the test is finished. */
export async function startTarget(env: Record<string, string> = {}): Promise<Target> {
  const database = await cloneDatabase();
  const home = await mkdtemp(join(tmpdir(), 'plearoll-target-'));
  const settings = {
    DATABASE_URL: database.url,
    JWT_SECRET: SECRET,
    PLEAROLL_HOME: home,
    ACCESS_LOG_LEVEL: 'silent',
    RATE_LIMIT_GENERAL_PER_MINUTE: '0',
    GUARD_MAX_KEYS: '0',
    RATE_LIMIT_READS_PER_MINUTE: '0',
    WS_MAX_CONNECTIONS_PER_USER: '0',
    PORT: '0',
    ...(kind === 'distributed' && { REDIS_URL: inject('redisUrl')!, METRICS_PORT: '0' }),
    ...env,
  };
  const processes: Process[] = [];
  onTestFinished(async () => {
    await killAll(processes);
    await database.drop();
    await rm(home, { recursive: true, force: true });
  });
  onTestFailed(() => {
    for (const { name, output } of processes) console.error(`${name}:\n${output().slice(-3_000)}`);
  });
  const api = await (kind === 'embedded'
    ? startProcess('all', 'src/processes/embedded.js', [], settings)
    : startProcess('api', 'src/processes/api.js', [], settings));
  processes.push(api);
  if (kind === 'distributed') processes.push(await startProcess('worker', 'jobs/worker.js', [], settings));
  const people = cast();
  const { session_id, path } = await openSession(api.url, people);
  return {
    url: api.url,
    port: Number(new URL(api.url).port),
    people,
    session_id,
    path,
    memoryMiB: () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${api.pid}/status`, 'utf8'))![1]) / 1_024,
    async expectUnharmed() {
      if (!api.isAlive()) throw new Error(`the process has ended:\n${api.output().slice(-2_000)}`);
      await expectIntact(api.url, session_id, people.admin);
    },
  };
}

export interface HealthWatch {
  /** Resolves after so many more answers. */
  seen(count: number): Promise<void>;
  /** The slowest answers of the quiet before and of the time since, in ms. @throws where one was no 200 */
  end(): Promise<{ quiet: number; p99: number }>;
}

/** What somebody else sees meanwhile: asks for /health again and again. Resolves when it knows how that is in quiet. */
export async function watchHealth(url: string): Promise<HealthWatch> {
  const times: number[] = [];
  let isOver = false;
  let fault: unknown;
  const slowest = () => times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
  const seen = async (count: number) => {
    const enough = times.length + count;
    await until(`${count} answers of health`, () => times.length >= enough || fault);
  };
  async function ask(): Promise<void> {
    while (!isOver) {
      const started = performance.now();
      const { status } = await get(url, '/health', null);
      if (status !== 200) throw new Error(`health answered ${status}`);
      times.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  const asking = ask().catch((error) => {
    fault = error;
  });
  await seen(20);
  const quiet = slowest();
  times.length = 0;
  return {
    seen,
    async end() {
      isOver = true;
      await asking;
      if (fault) throw fault;
      return { quiet, p99: slowest() };
    },
  };
}

/** Within what the machine's other work explains. */
export async function expectUnnoticed(health: HealthWatch): Promise<void> {
  const { quiet, p99 } = await health.end();
  expect(p99).toBeLessThan(3_000 + 10 * quiet);
}

export interface Wire {
  socket: Socket;
  /** All that came, once the connection is closed by either side. */
  closed: Promise<string>;
}

/** A bare connection: what is written is what is sent. */
export function dial(port: number): Wire {
  const socket = connect(port, '127.0.0.1');
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  socket.on('error', () => {});
  const closed = new Promise<string>((resolve) =>
    socket.once('close', () => resolve(Buffer.concat(pieces).toString('latin1'))),
  );
  return { socket, closed };
}
