/**
 * Our processes as an operator has them: built, started by the Procfile's commands, and ended as roughly as the test
 * likes. In a run of the suite each is one file. None outlives the test run, whatever becomes of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { bundle } from './bundle.ts';

export interface Process {
  name: string;
  pid: number;
  /** Of the API, or of a worker's health and metrics. */
  url: string;
  signal(name: NodeJS.Signals): void;
  /** When all that it logged is read, too. */
  exited: Promise<{ code: number | null; signal: string | null }>;
  isAlive(): boolean;
  /** Resolves when it is stopped by SIGSTOP. */
  stopped(): Promise<unknown>;
  /** All that is read of what it logged; what it does beside, such as answering, may be seen before. */
  output(): string;
}

// Where npm starts its scripts: this file may run from its source or built.
const ROOT = process.cwd();
/** A log line of a process of the Procfile, or what `npm start` prints. */
const READY = /"(?:metrics_)?port":(\d+),"msg":"\w+ ready"|^ready http:\/\/[^:]+:(\d+)$/m;
const READY_WITHIN_MS = 60_000;
/** A process of the suite lives for seconds: what it compiles for speed, and collects of so young a heap, costs more than it saves. */
const SHORT_LIVED = ['--no-opt', '--min-semi-space-size=16', '--max-semi-space-size=32'];
/** For Node, before the entry. */
export const flags: readonly string[] = process.env.TEST_BUNDLES === undefined ? [] : SHORT_LIVED;
const LEAST_PAUSE_MS = 20;
const MOST_PAUSE_MS = 250;
const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Resolves when the process says on which port it is ready. @param file below dist, or anywhere @throws with its output */
export async function startProcess(
  name: string,
  file: string,
  args: string[],
  env: Record<string, string>,
): Promise<Process> {
  const { PATH = '', HOME = '' } = process.env;
  // What NODE_OPTIONS loads before an entry changes modules that the entry has to share.
  const entry =
    env.NODE_OPTIONS === undefined && !isAbsolute(file) ? await entryOf(file, true) : resolve(ROOT, 'dist', file);
  const child = spawn(process.execPath, [...flags, entry, ...args], {
    cwd: ROOT,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  // Joined only when somebody asks: a long run of a busy process says a lot.
  const said: string[] = [];
  const output = () => said.join('');
  child.once('exit', () => running.delete(child));
  // Its last words may be read after it is gone.
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const port = await new Promise<number>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${name} ${why}:\n${output().slice(-4_000)}`));
    const deadline = setTimeout(() => fail('is not ready in time'), READY_WITHIN_MS);
    let isReady = false;
    const hear = (text: Buffer) => {
      said.push(String(text));
      if (isReady) return;
      const [, logged, found = logged] = READY.exec(output()) ?? [];
      if (found === undefined) return;
      isReady = true;
      clearTimeout(deadline);
      resolve(Number(found));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void exited.then(() => fail('ended'));
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    name,
    pid: child.pid!,
    url: `http://127.0.0.1:${port}`,
    signal: (signal) => void child.kill(signal),
    exited,
    isAlive: () => running.has(child),
    stopped: () =>
      until(`${name} is stopped`, () => /^State:\s+T/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'))),
    output,
  };
}

/** What Node is to run: in a run of the suite one file. @param file below dist. @param isFaster with the tests' clockwork */
export async function entryOf(file: string, isFaster = false): Promise<string> {
  const { TEST_BUNDLES } = process.env;
  return TEST_BUNDLES === undefined ? join(ROOT, 'dist', file) : bundle(ROOT, file, TEST_BUNDLES, isFaster);
}

/** SIGKILL, also to who is stopped; resolves when all are gone. */
export async function killAll(processes: Iterable<Process>): Promise<void> {
  await Promise.all(
    [...processes].map((one) => {
      one.signal('SIGKILL');
      return one.exited;
    }),
  );
}

/** Resolves when it has logged such a thing. */
export const untilSaid = ({ name, output }: Process, what: string | RegExp) =>
  until(`${name} says ${what}`, () => (typeof what === 'string' ? output().includes(what) : what.test(output())));

/**
 * Resolves with the first answer that is true enough, asking again and again, ever less often: it is late by a twentieth of
 * the time waited at most. @throws after `within_ms`
 */
export async function until<T>(what: string, look: () => Promise<T> | T, within_ms = 30_000): Promise<NonNullable<T>> {
  const started = performance.now();
  for (;;) {
    const found = await look();
    if (found) return found;
    const waited_ms = performance.now() - started;
    if (waited_ms > within_ms) throw new Error(`waited ${within_ms} ms in vain: ${what}`);
    const pause_ms = Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, waited_ms / 20));
    await new Promise((resolve) => setTimeout(resolve, pause_ms));
  }
}
