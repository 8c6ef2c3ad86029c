/**
 * Two of each of our processes, and a signer, under a supervisor: what dies is started again, and what does not answer for ten
 * seconds is ended first. Schedulers join in where there are any.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { killAll, type Process, startProcess, until } from '../test/support/processes.ts';
import type { Moment } from './saboteur.ts';

const ENTRIES = {
  api: 'src/processes/api.js',
  worker: 'jobs/worker.js',
  relay: 'src/processes/relay.js',
  scheduler: 'jobs/scheduler.js',
  signer: 'jobs/signer.js',
} as const;
export type Kind = keyof typeof ENTRIES;

const DIST = join(import.meta.dirname, '..');
export const KINDS = (Object.keys(ENTRIES) as Kind[]).filter((kind) => existsSync(join(DIST, ENTRIES[kind])));

/** There is one signer: its state is its alone. */
const countOf = (kind: Kind) => (kind === 'signer' ? 1 : 2);
const CHECKPOINT_SECONDS = '0.2';
const HUNG_AFTER_MS = 10_000;
const CHECK_EVERY_MS = 1_000;
const START_AGAIN_MS = 200;

/** Where one process is, and the next when it has died. */
export interface Post {
  kind: Kind;
  /** Undefined while there is none that is ready. */
  process: Process | undefined;
  /** Of the process, or of the last that was here. */
  url: string;
  /** By our own hand: it is not ended for its silence. */
  frozen: boolean;
  answeredAt: number;
}

export interface Fleet {
  posts(kind: Kind): Post[];
  urls(kind: Kind): string[];
  /** Resolves when every post has its process. */
  whole(): Promise<void>;
  /** The process sends itself the signal when it comes to the moment for the n-th time. */
  order(process: Process, moment: Moment, n: number, signal?: NodeJS.Signals): void;
  pids(): { name: string; pid: number }[];
  /** The last words of every process that there was. */
  logs(): Record<string, string>;
  stop(): Promise<void>;
}

type Env = Record<string, string>;

/** @param folder of this run, where orders are left. @param ofRelays what is otherwise for them */
export async function startFleet(env: Env, folder: string, ofRelays: Env = {}): Promise<Fleet> {
  const settings = settingsFor(env, folder);
  const everybody: Process[] = [];
  const stillborn: Error[] = [];
  let stopped = false;
  const posts: Post[] = KINDS.flatMap((kind) =>
    Array.from({ length: countOf(kind) }, () => ({ kind, process: undefined, url: '', frozen: false, answeredAt: 0 })),
  );

  async function supervise(post: Post): Promise<void> {
    while (!stopped) {
      const own = post.kind === 'relay' ? { ...settings, ...ofRelays } : settings;
      const started = await startProcess(post.kind, ENTRIES[post.kind], [], own).catch((error) => error as Error);
      if (started instanceof Error) {
        stillborn.push(started);
        await sleep(START_AGAIN_MS);
        continue;
      }
      everybody.push(started);
      Object.assign(post, { process: started, url: started.url, frozen: false, answeredAt: performance.now() });
      if (stopped) started.signal('SIGKILL');
      await started.exited;
      post.process = undefined;
    }
  }

  async function check(post: Post): Promise<void> {
    const { process } = post;
    if (!process) return;
    const signal = AbortSignal.timeout(HUNG_AFTER_MS);
    const answer = await fetch(`${process.url}/health`, { signal }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => {});
    if (answer || post.frozen) post.answeredAt = performance.now();
    else if (performance.now() - post.answeredAt > HUNG_AFTER_MS) process.signal('SIGKILL');
  }

  const supervised = posts.map(supervise);
  const timer = setInterval(() => {
    for (const post of posts) void check(post);
  }, CHECK_EVERY_MS);
  const of = (kind: Kind) => posts.filter((post) => post.kind === kind);
  const fleet: Fleet = {
    posts: of,
    urls: (kind) => of(kind).map(({ url }) => url),
    whole: async () =>
      void (await until('every process is ready', () => posts.every(({ process }) => process), 60_000)),
    order: (process, moment, n, signal = 'SIGKILL') => {
      writeFileSync(join(folder, String(process.pid)), `${moment} ${n} ${signal}`);
      process.signal('SIGUSR2');
    },
    pids: () =>
      posts.flatMap(({ kind, process }, i) =>
        process
          ? [{ name: `${kind} ${posts.slice(0, i).filter((post) => post.kind === kind).length + 1}`, pid: process.pid }]
          : [],
      ),
    logs: () =>
      Object.fromEntries(everybody.map(({ name, pid, output }) => [`${name} ${pid}`, output().slice(-4_000)])),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await killAll(everybody);
      await Promise.all(supervised);
    },
  };
  await fleet.whole().catch(async (error) => {
    await fleet.stop();
    throw new Error(`${(error as Error).message}; ${stillborn.at(-1)?.message}`);
  });
  return fleet;
}

/** Where checkpoints of the run go. */
export function sinkIn(folder: string): string {
  return join(folder, 'checkpoints.txt');
}

function settingsFor(env: Env, folder: string): Env {
  return {
    ...env,
    PORT: '0',
    RELAY_PORT: '0',
    METRICS_PORT: '0',
    RATE_LIMIT_GENERAL_PER_MINUTE: '0',
    GUARD_MAX_KEYS: '0',
    RATE_LIMIT_READS_PER_MINUTE: '0',
    RATE_LIMIT_OBJECTIONS_PER_MINUTE: '0',
    WS_MAX_CONNECTIONS_PER_USER: '0',
    WS_MAX_CONNECTIONS_PER_IP: '0',
    CHAOS_ORDERS: folder,
    PLEAROLL_HOME: join(folder, 'processes'),
    CHECKPOINT_SECONDS,
    CHECKPOINT_SINKS: `file:${sinkIn(folder)}`,
    NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'preload.js')).href}`,
  };
}
