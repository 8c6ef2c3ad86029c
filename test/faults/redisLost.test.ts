/** Redis only carries: it may be emptied, lost or never there, and nothing accepted is lost or done twice. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { amountAt } from '../support/amounts.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { startLoad } from '../support/load.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openScene, recoveryTime, shareScene } from './scene.ts';

const health = async (url: string) => {
  const { status, body } = await get(url, '/health', null);
  return { status, redis_connected: body.redis_connected };
};
const DEGRADED = { status: 200, redis_connected: false };
const WELL = { status: 200, redis_connected: true };

/** One is enough to show it; all of the suite shows that it is no luck. */
const [FLUSHES, DEATHS] = isEverything ? [5, 2] : [1, 1];
const COUNTED = ['doorbell_failures_total', 'reply_poll_fallback_total', 'publish_failures_total'];

describe.skipIf(inject('redisUrl') === null)('Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  describe('that was there', () => {
    const shared = shareScene(
      async () => ({ redisUrl: redis.url }),
      async (scene) => {
        const { startApi, startWorker } = scene;
        const [first, second] = await Promise.all([startApi(), startApi(), startWorker()]);
        return { scene, apis: [first, second] };
      },
    );

    async function play() {
      const { scene, apis } = shared();
      const sessions = await scene.openSessions(apis[0]!, 4);
      const urls = apis.map(({ url }) => url);
      return { scene, apis: urls, load: startLoad({ apis: urls, people: scene.people, sessions }) };
    }

    test.runIf(isEverything)('may be flushed again and again under load', async () => {
      const { scene, apis, load } = await play();
      const client = new Redis(redis.url);
      try {
        for (let i = 0; i < FLUSHES; i += 1) {
          await load.answered(40);
          await client.flushall();
          expect(await recoveryTime(scene, 'Redis flushed')).toBeLessThan(10_000);
        }
      } finally {
        client.disconnect();
      }
      expect(await health(apis[0]!)).toEqual(WELL);
      await checkHistory(scene.database, await load.stop());
    });

    test('may be killed under load and come back empty', async () => {
      const { scene, apis, load } = await play();
      for (let i = 0; i < DEATHS; i += 1) {
        await load.answered(40);
        const before = await Promise.all(COUNTED.map((name) => amountAt(name, scene.processes)));
        await redis.kill();
        expect(await recoveryTime(scene, 'Redis killed')).toBeLessThan(10_000);
        await load.answered(20);
        for (const api of apis) expect(await health(api)).toEqual(DEGRADED);
        for (const [n, name] of COUNTED.entries()) {
          await until(`${name} moves`, async () => (await amountAt(name, scene.processes)) > before[n]!);
        }
        await redis.restart();
        for (const api of apis) await until('Redis is back', async () => (await health(api)).redis_connected);
        await load.answered(100);
      }
      await checkHistory(scene.database, await load.stop());
    });

    test('may fall silent, and is taken into use again when it speaks', async () => {
      const { scene, apis, load } = await play();
      await load.answered(40);
      redis.freeze();
      expect(await recoveryTime(scene, 'Redis silent')).toBeLessThan(10_000);
      await load.answered(40);
      for (const api of apis) await until('it is missed', async () => !(await health(api)).redis_connected);
      redis.thaw();
      for (const api of apis) await until('Redis is back', async () => (await health(api)).redis_connected);
      await load.answered(40);
      await checkHistory(scene.database, await load.stop());
    });
  });

  describe('that was not', () => {
    beforeEach(() => redis.kill());

    async function play() {
      const scene = await openScene({ redisUrl: redis.url });
      const [api] = await Promise.all([scene.startApi(), scene.startWorker()]);
      const load = startLoad({ apis: [api.url], people: scene.people, sessions: await scene.openSessions(api, 4) });
      return { scene, api, load };
    }

    test.runIf(isEverything)('may be away from the start to the end', async () => {
      const { scene, api, load } = await play();
      await load.answered(30);
      expect(await health(api.url)).toEqual(DEGRADED);
      const rows = await checkHistory(scene.database, await load.stop());
      expect(rows.every(({ status }) => status === 'applied')).toBe(true);
      for (const one of scene.processes) one.signal('SIGTERM');
      for (const one of scene.processes) expect(await one.exited, one.name).toEqual({ code: 0, signal: null });
    });

    test.runIf(isEverything)('coming late, after everything else has started, is taken into use', async () => {
      const { scene, api, load } = await play();
      await load.answered(10);
      expect(await health(api.url)).toEqual(DEGRADED);
      await redis.restart();
      await until('Redis is there', async () => (await health(api.url)).redis_connected);
      const doorbells = await scene.openQueue('commands');
      await until('doorbells are answered', async () => (await doorbells.getCompletedCount()) > 20);
      await checkHistory(scene.database, await load.stop());
    });
  });
});
