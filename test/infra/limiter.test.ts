/** The limiter's contract, run on both adapters, and both adapters compared over random tries. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { createInProcessWindows } from '../../src/infra/limiter/inProcess.ts';
import type { Limiter } from '../../src/infra/limiter/limiter.ts';
import { createRedisWindows } from '../../src/infra/limiter/redis.ts';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { amountOf } from '../support/amounts.ts';
import { openTestLimiter, type ToldLimiter, tryOf } from '../support/limiter.ts';
import { useRedisPatiently } from '../support/redis.ts';

const redisUrl = inject('redisUrl');
const PLACES: [string, string | undefined][] = [
  ['in memory', undefined],
  ...(redisUrl ? [['on Redis', redisUrl] as [string, string]] : []),
];

const open: Limiter[] = [];
const servers: RedisServer[] = [];
afterEach(() => {
  for (const limiter of open.splice(0)) limiter.close();
  for (const server of servers.splice(0)) server.close();
});

function connect(url: string): RedisServer {
  const server = useRedisPatiently(url);
  servers.push(server);
  return server;
}

function start(url: string | undefined, prefix = `${randomUUID()}:`): ToldLimiter {
  const limiter = openTestLimiter(url === undefined ? undefined : connect(url), { prefix });
  open.push(limiter);
  return limiter;
}

describe.each(PLACES)('the limiter %s', (_, url) => {
  test('so many are admitted and no more, however many ask at once', async () => {
    const limiter = start(url);
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => limiter.take([tryOf('user', 5)])));
    const admitted = verdicts.flatMap((one) => (one.admitted ? one.tightest! : []));
    const refused = verdicts.flatMap((one) => (one.admitted ? [] : one));
    expect(admitted.map(({ remaining }) => remaining).sort()).toEqual([0, 1, 2, 3, 4]);
    expect(refused).toHaveLength(15);
    for (const { reset_ms } of admitted) expect(reset_ms).toBeLessThanOrEqual(60_000);
    for (const { type, limit, retry_after_ms } of refused) {
      expect([type, limit]).toEqual(['general_api', 5]);
      expect(retry_after_ms).toBeGreaterThan(50_000);
      expect(retry_after_ms).toBeLessThanOrEqual(60_000);
    }
    expect(await amountOf('limiter_refusals_total', [limiter])).toBe(15);
  });

  test('one identifier says nothing about another, nor one type about another', async () => {
    const limiter = start(url);
    const take = async (...of: Parameters<typeof tryOf>) => (await limiter.take([tryOf(...of)])).admitted;
    expect([await take('a', 1), await take('b', 1), await take('a', 1, 'objection_raise')]).toEqual([true, true, true]);
    expect([await take('a', 1), await take('b', 1), await take('a', 1, 'objection_raise')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('of several windows all are taken or none, and the refusal names the one that has room last', async () => {
    const limiter = start(url);
    const user = { ...tryOf('ada', 2, 'ws_connections_per_user'), window_ms: 3_600_000 };
    const address = tryOf('192.0.2.1', 1, 'ws_connections_per_ip');
    expect(await limiter.take([user, address])).toMatchObject({ admitted: true, tightest: { limit: 1, remaining: 0 } });
    for (let i = 0; i < 5; i++) {
      expect(await limiter.take([user, address])).toMatchObject({ admitted: false, type: 'ws_connections_per_ip' });
    }
    expect(await limiter.take([user])).toMatchObject({ admitted: true, tightest: { remaining: 0 } });
    const refused = await limiter.take([address, user]);
    expect(refused).toMatchObject({ admitted: false, type: 'ws_connections_per_user' });
  });

  test('a limit of 0 is no limit, beside others as well', async () => {
    const limiter = start(url);
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => limiter.take([tryOf('user', 0)])));
    expect(verdicts).toEqual(Array(50).fill({ admitted: true }));
    expect(await limiter.take([tryOf('user', 0), tryOf('x', 1)])).toMatchObject({ tightest: { limit: 1 } });
    expect(await limiter.take([tryOf('user', 0), tryOf('x', 1)])).toMatchObject({ admitted: false });
  });

  test('a try of now leaves the window when it is over', async () => {
    const limiter = start(url);
    const brief = { ...tryOf('user', 1), window_ms: 1_500 };
    expect((await limiter.take([brief])).admitted).toBe(true);
    expect((await limiter.take([brief])).admitted).toBe(false);
    await expect.poll(async () => (await limiter.take([brief])).admitted).toBe(true);
  });
});

describe.skipIf(redisUrl === null)('on Redis', () => {
  test('processes share one limit', async () => {
    const prefix = `${randomUUID()}:`;
    const [one, two] = [start(redisUrl!, prefix), start(redisUrl!, prefix)];
    const tries = Array.from({ length: 12 }, (_, i) => (i % 2 ? one : two).take([tryOf('shared', 3)]));
    expect((await Promise.all(tries)).filter(({ admitted }) => admitted)).toHaveLength(3);
  });

  test('a key has a bounded name, no more members than its limit, and ends with its window', async () => {
    const prefix = `${randomUUID()}:`;
    const limiter = start(redisUrl!, prefix);
    const identifiers = ['ada', 'x'.repeat(100_000)];
    for (const identifier of identifiers) {
      for (let i = 0; i < 10; i++) await limiter.take([tryOf(identifier, 4)]);
    }
    const redis = new Redis(redisUrl!);
    const keys = (await redis.keys(`${prefix}*`)).filter((key) => !key.includes('probe')).sort();
    expect(keys.map((key) => key.slice(prefix.length))).toEqual([
      'ratelimit:general_api:ada',
      expect.stringMatching(/^ratelimit:general_api:[0-9a-f]{64}$/),
    ]);
    for (const key of keys) {
      expect(await redis.zcard(key)).toBe(4);
      const left = await redis.pttl(key);
      expect(left).toBeGreaterThan(50_000);
      expect(left).toBeLessThanOrEqual(60_000);
    }
    redis.disconnect();
  });

  /** A type says how long its windows are. Far longer than a run takes: keys end by the true time. */
  const LENGTHS = { a: 30_000, b: 100_000, c: 30_000 };
  /** Of few windows and few moments, so that they meet; the clock goes back now and then, and limits change. */
  const history = fc.array(
    fc.record({
      step_ms: fc.oneof(
        { arbitrary: fc.integer({ min: 0, max: 40 }).map((n) => n * 1_000), weight: 9 },
        { arbitrary: fc.integer({ min: -500_000, max: 500_000 }), weight: 1 },
      ),
      windows: fc.uniqueArray(
        fc.record({
          key: fc.constantFrom(...(Object.keys(LENGTHS) as (keyof typeof LENGTHS)[])),
          limit: fc.integer({ min: 1, max: 4 }),
        }),
        { selector: ({ key }) => key, minLength: 1, maxLength: 3 },
      ),
    }),
    { minLength: 1, maxLength: 60 },
  );

  test('the same is decided as in memory, try by try', async () => {
    const redis = new Redis(redisUrl!);
    const server = connect(redisUrl!);
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const prefix = `${randomUUID()}:`;
        let now = Date.now();
        const clock = `local now = tonumber(redis.call('GET', '${prefix}clock'))`;
        const shared = createRedisWindows(server, prefix, clock);
        const own = createInProcessWindows(() => now);
        for (const { step_ms, windows: asked } of steps) {
          now += step_ms;
          const windows = asked.map((one) => ({ ...one, window_ms: LENGTHS[one.key] }));
          await redis.set(`${prefix}clock`, now, 'EX', 60);
          expect(await shared.take(windows)).toEqual(await own.take(windows));
        }
        shared.close();
      }),
      { numRuns: 60 },
    );
    redis.disconnect();
  });
});
