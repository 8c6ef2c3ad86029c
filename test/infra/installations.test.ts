/** Installations that share one Redis share nothing in it, however their databases are called. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import pino from 'pino';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { openPool } from '../../src/infra/postgres/database.ts';
import { startEmbeddedPostgres } from '../../src/infra/postgres/embeddedPostgres.ts';
import { readInstallationId, redisPrefix } from '../../src/infra/postgres/installation.ts';
import { readConfig } from '../../src/infra/process/config.ts';
import { stopInOrder } from '../../src/infra/process/shutdown.ts';
import { openQueues } from '../../src/infra/queue/queue.ts';
import { startAll } from '../../src/processes/startAll.ts';
import { cast, get, must, openSession, person, post } from '../support/client.ts';
import { cloneDatabase } from '../support/database.ts';
import { linesOf } from '../support/jobTools.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { prepareHome } from '../support/preparedHome.ts';
import { startRedis, useRedis } from '../support/redis.ts';
import { SECRET } from '../support/secret.ts';

const redisUrl = inject('redisUrl');
const PATIENCE = { timeout: 25_000, interval: 20 };

/** Two databases of one name, each on a cluster of its own. */
async function openNamesakes(): Promise<string[]> {
  const database = await cloneDatabase();
  onTestFinished(database.drop);
  const home = await mkdtemp(join(inject('home'), 'namesake-'));
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));
  await prepareHome(home);
  const other = await startEmbeddedPostgres({ home, say: () => {}, settings: { fsync: 'off' } });
  onTestFinished(() => other.stop());
  const { pathname } = new URL(database.url);
  const [at, migrated] = [new URL(other.url), new URL(other.url).pathname];
  const client = new pg.Client({ connectionString: Object.assign(new URL(at), { pathname: '/postgres' }).href });
  await client.connect();
  await client.query(`create database ${pathname.slice(1)} template ${migrated.slice(1)}`);
  await client.end();
  return [database.url, Object.assign(at, { pathname }).href];
}

async function startOn(databaseUrl: string, redisUrl: string) {
  const home = await mkdtemp(join(tmpdir(), 'plearoll-home-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const env = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, PLEAROLL_HOME: home, JWT_SECRET: SECRET };
  const config = readConfig({ ...env, PORT: '0', LOG_LEVEL: 'error', RATE_LIMIT_GENERAL_PER_MINUTE: '1000' }, 'all');
  const { port, steps, log, backbone } = await startAll(config, databaseUrl, SECRET);
  onTestFinished(() => stopInOrder(steps, log));
  return { url: `http://127.0.0.1:${port}`, backbone, id: await readInstallationId(databaseUrl, 'worker') };
}

test.skipIf(redisUrl === null)(
  'two installations whose databases bear one name share nothing in one Redis, and each verdict is of the own record',
  async () => {
    const redis = await startRedis();
    onTestFinished(redis.stop);
    const started = await Promise.all((await openNamesakes()).map((url) => startOn(url, redis.url)));
    const root = person('super_admin');
    const people = started.map(() => cast());
    const channels: string[] = [];
    const watcher = new Redis(redis.url);
    onTestFinished(() => watcher.disconnect());
    watcher.on('pmessage', (_pattern: string, channel: string) => channels.push(channel));
    await watcher.psubscribe('*');

    const sessions = [1, 3];
    const sockets = await Promise.all(
      started.map(async ({ url }, i) => {
        const opened = [];
        for (let n = 0; n < sessions[i]!; n += 1) opened.push(await openSession(url, people[i]!));
        const [{ session_id, path }] = opened as [(typeof opened)[0]];
        await must(post(url, `${path}/join`, people[i]!.petitioner, { role: 'petitioner' }));
        return listenOnWebSocket(url, { session_id, token: people[i]!.petitioner.token });
      }),
    );
    for (let n = 0; n < 4; n += 1) {
      const asked = started.map(({ url }) => must(get(url, '/integrity/global-verify', root)));
      const reports = await Promise.all(asked);
      expect(reports.map(({ sessions_checked }) => sessions_checked)).toEqual(sessions);
      expect(reports.map(({ system_valid }) => system_valid)).toEqual([true, true]);
    }
    const own = started.map(({ id }) => redisPrefix(id));
    const isOwn = (name: string) => own.some((prefix) => name.startsWith(prefix));
    const reader = new Redis(redis.url);
    onTestFinished(() => reader.disconnect());
    // The mirror of bans is marked as written within a second, though there is none.
    const marks = own.map((prefix) => `${prefix}shadowban:mirrored`);
    await expect.poll(() => reader.exists(...marks), PATIENCE).toBe(marks.length);
    const keys = await reader.keys('*');
    expect(keys.filter((key) => !isOwn(key))).toEqual([]);
    for (const prefix of own) {
      const parts = keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length).split(':')[0]);
      expect(new Set(parts)).toEqual(
        new Set(['bull', 'presence', 'probe', 'ratelimit', 'relay', 'resume', 'shadowban', 'snap', 'stream']),
      );
    }
    expect(channels.filter((channel) => !isOwn(channel))).toEqual([]);
    expect(new Set(channels.map((channel) => own.findIndex((prefix) => channel.startsWith(prefix))))).toEqual(
      new Set([0, 1]),
    );
    for (const socket of sockets) socket.close();
  },
  120_000,
);

test.each(['Postgres', ...(redisUrl === null ? [] : ['Redis'])])(
  'a job of another installation is left alone, once and for all, and is no dead letter: %s',
  async (backend) => {
    const database = await cloneDatabase();
    onTestFinished(database.drop);
    const installation = await readInstallationId(database.url, 'worker');
    const lines: { [key: string]: unknown }[] = [];
    const log = pino(
      { level: 'warn' },
      linesOf((line) => lines.push(JSON.parse(line))),
    );
    const url = backend === 'Redis' ? redisUrl! : undefined;
    const poolOf = (max: number) => openPool(database.url, 'queue', max, () => {});
    const redis = url === undefined ? undefined : useRedis(url);
    onTestFinished(() => redis?.close());
    const open = (id: string) => {
      const queues = openQueues({ openPool: poolOf, redis, installation: id, onError: () => {}, log });
      onTestFinished(queues.close);
      return queues;
    };
    const queues = open(installation);
    await vi.waitUntil(() => queues.isConnected() !== false, PATIENCE);
    const done: unknown[] = [];
    const worker = queues.worker('commands', async ({ data }: { data: unknown }) => void done.push(data), {});
    onTestFinished(() => worker.close());
    await queues.run([worker as never]);

    const stranger = randomUUID();
    const strange = await addStrange(stranger);
    await queues.queue('commands').add('ours', { commands: [] });
    await vi.waitUntil(() => done.length > 0, PATIENCE);
    const isOver = async () => (await queues.queue('commands').getFailedCount()) === 1;
    await vi.waitUntil(isOver, PATIENCE);
    expect(done).toEqual([{ commands: [], installation }]);
    const job = (await queues.queue('commands').getJob(strange))!;
    expect(job).toMatchObject({ failedReason: expect.stringContaining('another installation'), attemptsMade: 1 });
    expect(lines).toMatchObject([
      { msg: 'a job of another installation is left', job: 'theirs', job_id: strange, of: stranger },
    ]);
    expect(await queues.queue('dead-letters').count()).toBe(0);

    /** On Postgres two that share the tables; in Redis the keys are apart, so somebody must have put it there. */
    async function addStrange(theirs: string): Promise<string> {
      const options = { attempts: 5 };
      if (url === undefined) return (await open(theirs).queue('commands').add('theirs', {}, options)).id!;
      const connection = new Redis(url, { maxRetriesPerRequest: null });
      const queue = new Queue('commands', {
        prefix: `${redisPrefix(installation)}bull`,
        connection: connection as never,
      });
      const job = await queue.add('theirs', { installation: theirs }, options);
      await queue.close();
      connection.disconnect();
      return job.id!;
    }
  },
);
