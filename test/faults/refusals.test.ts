/** What a process refuses at its start: a Redis that forgets, and a schema that it was not written for. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { migrate, unmake } from '../../migrations/migrate.ts';
import { OURS } from '../../src/infra/postgres/schema.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get } from '../support/client.ts';
import { isEverything, someOf } from '../support/everything.ts';
import { until, untilSaid } from '../support/processes.ts';
import { clusterOptions, startRedis, type TestRedis } from '../support/redis.ts';
import { acceptEntry, openScene } from './scene.ts';

const LAST = OURS.at(-1)!;

describe.skipIf(inject('redisUrl') === null)('a process', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(() => redis.restart());
  afterAll(() => redis.stop());

  async function tell(...commands: string[][]): Promise<void> {
    const client = new Redis(redis.url);
    for (const [name, ...args] of commands) await client.call(name!, ...args);
    client.disconnect();
  }
  const evict = (policy: string) => tell(['CONFIG', 'SET', 'maxmemory-policy', policy]);
  const advice = /maxmemory-policy allkeys-lru.*set maxmemory-policy noeviction/;

  test('with an evicting Redis for its queue does not start, and says what to set', async () => {
    await evict('allkeys-lru');
    const scene = await openScene({ redisUrl: redis.url });
    await expect(scene.startApi()).rejects.toThrow(advice);
    await expect(scene.startWorker()).rejects.toThrow(advice);
    await evict('noeviction');
    await scene.startWorker();
    await checkHistory(scene.database, []);
  });

  test('that may not ask for the configuration reads it elsewhere, and where it cannot it warns and starts', async () => {
    const url = redis.url.replace('//', '//managed:secret@');
    await tell(['ACL', 'SETUSER', 'managed', 'on', '>secret', '~*', '&*', '+@all', '-config']);
    await evict('allkeys-lru');
    const scene = await openScene({ redisUrl: url });
    await expect(scene.startApi()).rejects.toThrow(advice);
    await tell(['ACL', 'SETUSER', 'managed', '-info']);
    const api = await scene.startApi();
    await untilSaid(api, 'eviction policy of Redis cannot be read');
    await checkHistory(scene.database, []);
  });

  test('does not start on a node of a Redis Cluster that its URL takes for a single Redis, and is not ready on one that comes later', async () => {
    const sentence = /is a node of a Redis Cluster: write redis\+cluster:\/\//;
    const cluster = await startRedis(clusterOptions());
    const onCluster = await openScene({ redisUrl: cluster.url });
    const { startApi, startWorker, startRelay, startScheduler } = onCluster;
    for (const start of someOf([startApi, startWorker, startRelay, startScheduler])) {
      await expect(start()).rejects.toThrow(sentence);
    }
    await redis.kill();
    const scene = await openScene({ redisUrl: redis.url });
    await expect(scene.startApi({ REDIS_CACHE_URL: cluster.url })).rejects.toThrow(sentence);
    const api = await scene.startApi();
    await redis.restart('noeviction', clusterOptions());
    await until('it is not ready', async () => (await get(api.url, '/ready', null)).status === 503);
    expect((await get(api.url, '/health', null)).body).toMatchObject({ redis_connected: false, degraded: true });
    await untilSaid(api, sentence);
    await redis.restart('noeviction', []);
    await until('it is ready', async () => (await get(api.url, '/health', null)).body.redis_connected);
    expect((await get(api.url, '/ready', null)).status).toBe(200);
    await scene.startWorker();
    await checkHistory(scene.database, []);
    await cluster.stop();
  });

  test.runIf(isEverything)('may keep its caches on a Redis that evicts', async () => {
    const cache = await startRedis();
    const client = new Redis(cache.url);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    client.disconnect();
    const scene = await openScene({ redisUrl: redis.url });
    const api = await scene.startApi({ REDIS_CACHE_URL: cache.url });
    expect((await get(api.url, '/ready', null)).status).toBe(200);
    await checkHistory(scene.database, []);
    await cache.stop();
  });

  test.runIf(isEverything)(
    'whose Redis comes later and evicts is not ready until it does not, and then stays so',
    async () => {
      await redis.kill();
      const scene = await openScene({ redisUrl: redis.url });
      const [api, worker] = await Promise.all([scene.startApi(), scene.startWorker()]);
      const ready = async ({ url }: { url: string }) => (await get(url, '/ready', null)).status === 200;
      expect(await ready(api)).toBe(true);
      await redis.restart('allkeys-lru');
      for (const one of [api, worker]) await until('it is not ready', async () => !(await ready(one)));
      await untilSaid(api, advice);
      await evict('noeviction');
      for (const one of [api, worker]) await until('it is ready', () => ready(one));
      const [session] = await scene.openSessions(api, 1);
      const warnings = () => api.output().match(new RegExp(advice, 'g'))!.length;
      const before = warnings();
      await redis.restart('allkeys-lru');
      await until('it is told again', () => warnings() > before);
      await acceptEntry(scene, api, session!, {});
      expect(await ready(api)).toBe(true);
      await checkHistory(scene.database, []);
    },
  );

  test('refuses the schema of a newer version and names both, and so does migrating', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const { pool, url } = scene.database;
    await pool.query(`insert into knex_migrations (name, batch, migration_time) values ('9999_later', 2, now())`);
    const both = new RegExp(`9999_later.*${LAST}`);
    for (const start of someOf([scene.startApi, scene.startWorker, scene.startRelay]))
      await expect(start()).rejects.toThrow(both);
    await expect(migrate(url)).rejects.toThrow(both);
    await expect(runMigrate(url)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(both) });
    await pool.query(`delete from knex_migrations where name = '9999_later'`);
    await expect(runMigrate(url)).resolves.toMatchObject({ stdout: 'The schema is up to date.\n' });
    await checkHistory(scene.database, []);
  });

  test('run apart refuses an older schema, and none, and says what to run', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const { url } = scene.database;
    await unmake(url);
    await expect(scene.startApi()).rejects.toThrow(/no schema yet.*npm run migrate/);
    await migrate(url, { wanted: OURS.slice(0, -1) });
    const older = new RegExp(`${OURS.at(-2)}.*${LAST}: run npm run migrate`);
    for (const start of someOf([scene.startWorker, scene.startApi, scene.startRelay]))
      await expect(start()).rejects.toThrow(older);
    await migrate(url);
    await scene.startWorker();
    await checkHistory(scene.database, []);
  });
});

async function runMigrate(url: string): Promise<{ stdout: string }> {
  const file = join(import.meta.dirname, '../../dist/src/cli/plearoll.js');
  const { PATH } = process.env;
  return promisify(execFile)(process.execPath, [file, 'migrate'], { env: { PATH, DATABASE_URL: url } });
}
