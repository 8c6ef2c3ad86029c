/**
 * One Postgres and, where a server is to be had, one Redis for the whole run. Each test file clones its own database
 * from the migrated template.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../migrations/migrate.ts';
import { startEmbeddedPostgres } from '../../src/infra/postgres/embeddedPostgres.ts';
import { chromium } from './browser.ts';
import { listFailed } from './failedDatabases.ts';
import { leaveOut } from './leaveOut.ts';
import { hasNginx } from './nginx.ts';
import { startRedis } from './redis.ts';
import { keepRunFolder, makeRunFolder, sweepRunFolders } from './runFolders.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
    redisUrl: string | null;
    /** Shells that can run the walk-through of the README: those that are here, none without curl. */
    shells: string[];
    /** The folder of the run's own Postgres, which is removed with it. */
    home: string;
  }
}

interface Servers {
  postgresUrl: string;
  redisUrl: string | null;
  shells: string[];
  home: string;
  stop(): Promise<void>;
}

const [HOME, BUNDLES] = ['plearoll-test-', 'bundles-'];
const IN_MEMORY = '/dev/shm';
const TMPFS = 0x01021994;
/** Of the databases of a run hardly more than a dozen are there at once, with twelve megabytes each; the rest is WAL. */
const PLENTY_BYTES = 4 * 2 ** 30;

/** Each project loads this file anew, and all of them run in one process. */
const run = globalThis as { plearollTests?: { servers: Promise<Servers>; users: number } };

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  run.plearollTests ??= { servers: start(), users: 0 };
  const tests = run.plearollTests;
  tests.users += 1;
  const servers = await tests.servers;
  project.provide('postgresUrl', servers.postgresUrl);
  project.provide('redisUrl', servers.redisUrl);
  project.provide('shells', servers.shells);
  project.provide('home', servers.home);
  return async () => {
    tests.users -= 1;
    if (tests.users > 0) return;
    delete run.plearollTests;
    await servers.stop();
  };
}

async function start(): Promise<Servers> {
  const [quick, dist] = [await quickFolder(), join(process.cwd(), 'dist')];
  for (const parent of new Set([quick, tmpdir()])) await sweepRunFolders(parent, HOME);
  await sweepRunFolders(dist, BUNDLES);
  const home = await makeRunFolder(quick, HOME);
  // Speed only: what a crash of the whole machine would lose is no test's subject.
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '400', shared_buffers: '128MB' };
  const postgres = await startEmbeddedPostgres({ home, say: () => {}, settings });
  await trustOwner(join(home, 'postgres'), postgres.url);
  // A run that is interrupted, or falls over, comes to no teardown.
  const pid = Number((await readFile(join(home, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  const endPostgres = () => void process.kill(pid, 'SIGQUIT');
  process.once('exit', endPostgres);
  await migrate(postgres.url);
  const redis = await findRedis();
  if (!redis) leaveOut('the tests on Redis', 'redis-server or valkey-server on the PATH');
  if (!hasNginx) leaveOut('what comes through nginx', 'nginx on the PATH');
  if (!chromium) leaveOut('the live page', 'a Chromium on the PATH');
  await mkdir(dist, { recursive: true });
  const bundles = await makeRunFolder(dist, BUNDLES);
  process.env.TEST_BUNDLES = bundles;
  return {
    postgresUrl: postgres.url,
    redisUrl: redis?.url ?? null,
    shells: findShells(),
    home,
    async stop() {
      const failed = await listFailed(postgres.url);
      await redis?.stop();
      await postgres.stop();
      process.off('exit', endPostgres);
      await rm(bundles, { recursive: true, force: true });
      if (failed.length === 0) return rm(home, { recursive: true, force: true });
      await keepRunFolder(home);
      console.log(`${failed.length} databases are kept: npm run test:failed -- ${home}`);
    },
  };
}

/** In memory, where there is plenty: a database is some hundred files, each is searched a place on a disk, and most live for seconds. */
async function quickFolder(): Promise<string> {
  const there = await statfs(IN_MEMORY).catch(() => undefined);
  return there?.type === TMPFS && there.bavail * there.bsize > PLENTY_BYTES ? IN_MEMORY : tmpdir();
}

/** Its owner opens thousands of connections: to prove a password costs each more of the processor than it then works. */
async function trustOwner(folder: string, url: string): Promise<void> {
  const file = join(folder, 'pg_hba.conf');
  const usual = await readFile(file, 'utf8');
  await writeFile(file, `host all ${new URL(url).username} 127.0.0.1/32 trust\n${usual}`);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('select pg_reload_conf()').finally(() => client.end());
}

function findShells(): string[] {
  if (!isThere('curl')) {
    leaveOut('the walk-through of the README', 'curl on the PATH');
    return [];
  }
  const shells = ['bash', 'dash', 'zsh'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);
  if (!shells.includes('zsh')) leaveOut('the walk-through of the README in zsh', 'zsh on the PATH');
  return shells;
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

async function findRedis() {
  if (process.env.TEST_REDIS_URL) return { url: process.env.TEST_REDIS_URL, stop: async () => {} };
  return startRedis().catch(() => undefined);
}
