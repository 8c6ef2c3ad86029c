/** The rate limiter's contract, run on both adapters. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { createLimiter } from '../../src/infra/limiter/createLimiter.ts';
import type { Limiter } from '../../src/infra/limiter/limiter.ts';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { useRedis } from '../support/redis.ts';

const redisUrl = inject('redisUrl');
const PLACES: [string, string | undefined][] = [
  ['in memory', undefined],
  ...(redisUrl ? [['on Redis', redisUrl] as [string, string]] : []),
];

const open: Limiter[] = [];
const servers: RedisServer[] = [];
afterEach(async () => {
  for (const limiter of open.splice(0)) await limiter.close();
  for (const server of servers.splice(0)) server.close();
});

function connect(url: string): RedisServer {
  const server = useRedis(url);
  servers.push(server);
  return server;
}

describe.each(PLACES)('the limiter %s', (_, url) => {
  const start = async (perMinute: number) => {
    const limiter = await createLimiter(
      { perMinute, prefix: `${randomUUID()}:`, what: 'requests' },
      url === undefined ? undefined : connect(url),
    );
    open.push(limiter);
    return limiter;
  };

  test('so many are allowed and no more, however many ask at once', async () => {
    const limiter = await start(5);
    const results = await Promise.all(Array.from({ length: 20 }, () => limiter.consume('user')));
    expect(results.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(results.every(({ limit, reset_ms }) => limit === 5 && reset_ms > 0 && reset_ms <= 60_000)).toBe(true);
    expect(
      results
        .map(({ remaining }) => remaining)
        .sort((a, b) => b - a)
        .slice(0, 5),
    ).toEqual([4, 3, 2, 1, 0]);
  });

  test('one key says nothing about another', async () => {
    const limiter = await start(1);
    expect(await limiter.consume('a')).toMatchObject({ allowed: true });
    expect(await limiter.consume('b')).toMatchObject({ allowed: true });
    expect(await limiter.consume('a')).toMatchObject({ allowed: false, remaining: 0 });
  });

  test('a limit of 0 is no limit', async () => {
    const limiter = await start(0);
    const results = await Promise.all(Array.from({ length: 50 }, () => limiter.consume('user')));
    expect(results.every(({ allowed }) => allowed)).toBe(true);
  });
});

test.skipIf(redisUrl === null)('two processes share one limit on Redis', async () => {
  const prefix = `${randomUUID()}:`;
  const start = () => createLimiter({ perMinute: 3, prefix, what: 'requests' }, connect(redisUrl!));
  const [one, two] = await Promise.all([start(), start()]);
  open.push(one, two);
  const results = await Promise.all([one, two, one, two, one, two].map((limiter) => limiter.consume('shared')));
  expect(results.filter(({ allowed }) => allowed)).toHaveLength(3);
});
