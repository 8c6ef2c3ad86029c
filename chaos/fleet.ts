/**
 * Two of each of our processes, and a signer, under a supervisor: what dies is started again, as what is installed at its
 * post, and what does not answer for ten seconds is ended first.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killAll, type Process, until } from '../test/support/processes.ts';
import { install, isManned, makePosts, type Post, startAt } from './posts.ts';
import { ourRelease, type Release } from './release.ts';
import type { Kind } from './releaseFiles.ts';
import type { Moment } from './saboteur.ts';

const CHECKPOINT_SECONDS = '0.2';
const HUNG_AFTER_MS = 10_000;
const CHECK_EVERY_MS = 1_000;
const START_AGAIN_MS = 200;

export interface Fleet {
  posts(kind: Kind): Post[];
  urls(kind: Kind): string[];
  /** Resolves when every post has its process. */
  whole(): Promise<void>;
  /** Puts one version in the place of another, post by post. @returns the processes that it ended, and did not end well */
  install(kind: Kind, release: Release): Promise<string[]>;
  /** The process sends itself the signal when it comes to the moment for the n-th time. */
  order(process: Process, moment: Moment, n: number, signal?: NodeJS.Signals): void;
  pids(): { name: string; pid: number }[];
  /** The last words of every process that there was. */
  logs(): Record<string, string>;
  stop(): Promise<void>;
}

type Env = Record<string, string>;

export interface FleetOptions {
  /** What is otherwise for relays. */
  ofRelays?: Env;
  /** Of all processes at first; this version, unless told. */
  release?: Release;
}

/** @param folder of this run, where orders are left */
export async function startFleet(env: Env, folder: string, options: FleetOptions = {}): Promise<Fleet> {
  const { ofRelays = {}, release: first = await ourRelease() } = options;
  const settings = settingsFor(env, folder);
  const everybody: Process[] = [];
  const stillborn: Error[] = [];
  let stopped = false;
  const posts = makePosts(first);

  async function supervise(post: Post): Promise<void> {
    while (!stopped) {
      const own = post.kind === 'relay' ? { ...settings, ...ofRelays } : settings;
      const started = await startAt(post, own).catch((error: Error) => void stillborn.push(error));
      if (!started) {
        await sleep(START_AGAIN_MS);
        continue;
      }
      everybody.push(started);
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
    whole: async () => void (await until('every process is ready', () => posts.every(isManned), 60_000)),
    install: (kind, release) => install(of(kind), release),
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
  };
}
