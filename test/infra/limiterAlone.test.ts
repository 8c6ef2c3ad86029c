/**
 * A limiter whose Redis is of no use: each process counts its part of a limit alone, says so once, and counts with the
 * others again when Redis is back. The door is never open.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createInProcessWindows } from '../../src/infra/limiter/inProcess.ts';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { amountOf } from '../support/amounts.ts';
import { isEverything } from '../support/everything.ts';
import { ALONE, openTestLimiter, type ToldLimiter, tryOf } from '../support/limiter.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis, useRedis } from '../support/redis.ts';

const LIMIT = 10;
const TWO = { ...ALONE, api: 2 };

describe.skipIf(inject('redisUrl') === null)('two processes', () => {
  let redis: TestRedis;
  let servers: RedisServer[];
  let limiters: ToldLimiter[];
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    await redis.restart();
    servers = [useRedis(redis.url, 'one:'), useRedis(redis.url, 'one:')];
    for (const server of servers) await until('it is connected', server.isConnected);
    limiters = servers.map((server) => openTestLimiter(server, { prefix: 'one:', alive: () => TWO }));
  });
  afterEach(() => {
    for (const limiter of limiters) limiter.close();
    for (const server of servers) server.close();
  });
  afterAll(() => redis.stop());

  /** By how many of the processes' tries in turns, one after the other. */
  async function admittedOf(tries: number, identifier = 'ada', limit = LIMIT): Promise<number> {
    let admitted = 0;
    for (let i = 0; i < tries; i++) {
      if ((await limiters[i % 2]!.take([tryOf(identifier, limit)])).admitted) admitted += 1;
    }
    return admitted;
  }

  const told = () => limiters.map(({ told }) => told);
  const DEGRADED = 'limiter degraded: each process counts its part alone';

  test.each([
    ['gone', () => redis.kill(), () => redis.restart()],
    ['full', () => redis.fill(), () => redis.empty()],
    ['demoted', () => redis.demote(), () => redis.promote()],
    ['silent', () => redis.freeze(), () => redis.thaw()],
  ])('whose Redis is %s admit together what the limit says, and alarm until it is back', async (_, lose, mend) => {
    expect(await admittedOf(4)).toBe(4);
    await lose();
    expect(await admittedOf(30)).toBe(LIMIT);
    expect(await amountOf('limiter_degraded', limiters)).toBe(2);
    expect(told()).toEqual([[DEGRADED], [DEGRADED]]);
    await mend();
    await until('both are recovered', () => told().every((lines) => lines.at(-1) === 'limiter recovered'), 25_000);
    expect(await amountOf('limiter_degraded', limiters)).toBe(0);
    const admitted = await admittedOf(30);
    // Four of before, and what was asked of a Redis that answered too late.
    expect(admitted).toBeGreaterThanOrEqual(LIMIT - 6);
    expect(admitted).toBeLessThanOrEqual(LIMIT);
    expect(told().map((lines) => lines.length)).toEqual([2, 2]);
  });

  test('take one each of a limit that is smaller than their number', async () => {
    await redis.kill();
    expect(await admittedOf(10, 'ada', 1)).toBe(2);
  });

  test('of a Redis that was never there begin alone', async () => {
    await redis.kill();
    const late = openTestLimiter(useRedisLater(), { prefix: 'one:', alive: () => TWO });
    limiters.push(late);
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => late.take([tryOf('ada', LIMIT)])));
    expect(verdicts.filter(({ admitted }) => admitted)).toHaveLength(LIMIT / 2);
  });

  test('count on when it is flushed, from nothing, with its scripts', async () => {
    expect(await admittedOf(20)).toBe(LIMIT);
    await redis.tell('FLUSHALL');
    await redis.tell('SCRIPT', 'FLUSH');
    expect(await admittedOf(20)).toBe(LIMIT);
    expect(told()).toEqual([[], []]);
  });

  test('count on while it evicts: what was evicted begins anew, and nothing is refused for it', async () => {
    await redis.restart('allkeys-lru', ['--maxmemory', '6mb']);
    for (const [i, server] of servers.entries()) await until(`${i} is connected`, server.isConnected);
    const flood = `for i = 1, 40000 do redis.call('SET', 'flood' .. i .. ARGV[1], 'x') end`;
    for (let i = 0; i < 3; i++) await redis.tell('EVAL', flood, 0, i);
    expect(String(await redis.tell('INFO', 'stats'))).toMatch(/evicted_keys:[1-9]/);
    expect(await admittedOf(20)).toBeGreaterThanOrEqual(LIMIT);
    expect(told().flat()).not.toContain(DEGRADED);
  });

  test('another installation on the same Redis counts for itself', async () => {
    expect(await admittedOf(20)).toBe(LIMIT);
    const other = openTestLimiter(servers[0], { prefix: 'two:' });
    limiters.push(other);
    expect(await other.take([tryOf('ada', LIMIT)])).toMatchObject({ admitted: true, tightest: { remaining: 9 } });
  });

  function useRedisLater(): RedisServer {
    servers.push(useRedis(redis.url, 'one:'));
    return servers.at(-1)!;
  }
});

describe('in memory', () => {
  const windowOf = (key: string, limit = 2) => [{ key, limit, window_ms: 60_000 }];

  test('windows that nobody asks for are forgotten when there are too many, and others are not', async () => {
    const windows = createInProcessWindows(() => 1, 6);
    const fates = [];
    for (const key of ['a', 'a', 'b', 'c', 'a', 'd', 'a', 'e', 'a', 'b', 'c']) {
      fates.push('full' in (await windows.take(windowOf(key))) ? `${key} full` : key);
    }
    expect(fates).toEqual(['a', 'a', 'b', 'c', 'a full', 'd', 'a full', 'e', 'a full', 'b', 'c']);
    expect(await windows.take(windowOf('b'))).toMatchObject({ states: [{ remaining: 0 }] });
  });

  test.runIf(isEverything)(
    'a flood of addresses does not fill the heap',
    async () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const used = () => {
        collect();
        return process.memoryUsage().heapUsed / 2 ** 20;
      };
      const limiter = openTestLimiter();
      const flood = async (from: number) => {
        for (let i = from; i < from + 60_000; i++) {
          await limiter.take([tryOf(`2001:db8:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::/64`, 100)]);
        }
      };
      const before = used();
      await flood(0);
      const full = used();
      await flood(60_000);
      await flood(120_000);
      expect(full - before).toBeLessThan(40);
      expect(used() - full).toBeLessThan(12);
      limiter.close();
    },
    120_000,
  );
});
