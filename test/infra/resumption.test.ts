/** The contract of resumption, run on both adapters; and what only Redis can do: be shared, be away, and come back. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { createInProcessResumption } from '../../src/infra/resumption/inProcess.ts';
import { createRedisResumption } from '../../src/infra/resumption/redis.ts';
import type { Resumption, ResumptionOptions } from '../../src/infra/resumption/resumption.ts';
import { startRedis, useRedis, useRedisPatiently } from '../support/redis.ts';

const redisUrl = inject('redisUrl');
const servers: RedisServer[] = [];
const open: Resumption[] = [];

const onRedis = (options: ResumptionOptions, prefix = `${randomUUID()}:`, url = redisUrl!) => {
  servers.push(url === redisUrl ? useRedisPatiently(url) : useRedis(url));
  const resumption = createRedisResumption(servers.at(-1)!, prefix, options);
  open.push(resumption);
  return resumption;
};
const ADAPTERS: [name: string, create: (options: ResumptionOptions) => Resumption][] = [
  ['in-process', createInProcessResumption],
  ...(redisUrl === null ? [] : ([['Redis', onRedis]] as [string, (options: ResumptionOptions) => Resumption][])),
];

const LONG = { lease_ms: 60_000, beyond_ms: 60_000 };

afterEach(async () => {
  for (const resumption of open.splice(0)) await resumption.close();
  for (const server of servers.splice(0)) server.close();
});

describe.each(ADAPTERS)('resumption, %s', (_, create) => {
  test('a ticket that nobody holds is not good', async () => {
    expect(await create(LONG).take('a')).toBe(false);
  });

  test('a ticket is good once, also for a crowd that comes at once', async () => {
    const resumption = create(LONG);
    await resumption.hold(['a', 'b']);
    const taken = await Promise.all(Array.from({ length: 50 }, () => resumption.take('a')));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await resumption.take('b')).toBe(true);
    expect(await resumption.take('b')).toBe(false);
  });

  test('a ticket that was used is not brought back by what its relay says of it', async () => {
    const resumption = create(LONG);
    await resumption.hold(['a']);
    expect(await resumption.take('a')).toBe(true);
    await resumption.renew(['a']);
    await resumption.release(['a']);
    expect(await resumption.take('a')).toBe(false);
  });

  test('a ticket that was dropped is not good', async () => {
    const resumption = create(LONG);
    await resumption.hold(['a']);
    await resumption.drop(['a']);
    expect(await resumption.take('a')).toBe(false);
  });

  test('a ticket lapses where its relay is silent, and lives where it is renewed', async () => {
    const resumption = create({ lease_ms: 1_500, beyond_ms: 60_000 });
    await resumption.hold(['dead', 'alive', 'other']);
    const refresh = setInterval(() => void resumption.renew(['alive', 'other']), 40);
    try {
      // Taking it would be the end of it: what is looked at is another that was held with it.
      const until = performance.now() + 2_500;
      await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(until), 25_000);
      expect(await resumption.take('dead')).toBe(false);
      expect(await resumption.take('alive')).toBe(true);
    } finally {
      clearInterval(refresh);
    }
  });

  test('a ticket is good for a while after its connection, and no longer', async () => {
    const short = create({ lease_ms: 60_000, beyond_ms: 200 });
    await short.hold(['a']);
    await short.release(['a']);
    const until = performance.now() + 400;
    await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(until), 25_000);
    expect(await short.take('a')).toBe(false);
    const long = create({ lease_ms: 60_000, beyond_ms: 60_000 });
    await long.hold(['a']);
    await long.release(['a']);
    expect(await long.take('a')).toBe(true);
  });

  test('a thousand and one are held, renewed, released and dropped at once', async () => {
    const resumption = create(LONG);
    const many = Array.from({ length: 1_001 }, (_unused, i) => `t${i}`);
    await resumption.hold(many);
    await resumption.renew(many);
    await resumption.release(many);
    expect(await resumption.take('t1000')).toBe(true);
    await resumption.drop(many);
    expect(await resumption.take('t999')).toBe(false);
  });
});

describe.skipIf(redisUrl === null)('resumption in Redis', () => {
  test('is the same for every process, and apart for every installation', async () => {
    const prefix = `${randomUUID()}:`;
    const [one, other, stranger] = [onRedis(LONG, prefix), onRedis(LONG, prefix), onRedis(LONG)];
    await one.hold(['a', 'b']);
    expect(await stranger.take('a')).toBe(false);
    const taken = await Promise.all([one.take('a'), other.take('a'), one.take('a'), other.take('a')]);
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await other.take('b')).toBe(true);
    expect(await one.take('b')).toBe(false);
  });

  test('while it is away a process knows its own tickets alone, and what it used stays used when Redis is back', async () => {
    const redis = await startRedis();
    const prefix = `${randomUUID()}:`;
    const [one, other] = [onRedis(LONG, prefix, redis.url), onRedis(LONG, prefix, redis.url)];
    try {
      await vi.waitFor(async () => {
        await one.hold(['before', 'again']);
        expect(await redis.tell('EXISTS', `${prefix}resume:again`)).toBe(1);
      }, 20_000);
      redis.freeze();
      expect(await other.take('before')).toBe(false);
      expect(await one.take('before')).toBe(true);
      expect(await one.take('before')).toBe(false);
      await one.hold(['during']);
      expect(await one.take('during')).toBe(true);
      expect(await one.take('during')).toBe(false);
      await one.drop(['again']).catch(() => {});
      redis.thaw();
      await vi.waitFor(() => one.renew([]), 25_000);
      expect(await other.take('before')).toBe(false);
      expect(await other.take('again')).toBe(false);
    } finally {
      redis.thaw();
      await redis.stop();
    }
  });

  test('that was emptied holds no ticket for good, and takes new ones', async () => {
    const redis = await startRedis();
    const resumption = onRedis(LONG, `${randomUUID()}:`, redis.url);
    try {
      await vi.waitFor(async () => {
        await resumption.hold(['a']);
        expect(await redis.tell('DBSIZE')).toBeGreaterThan(0);
      }, 20_000);
      await redis.tell('FLUSHALL');
      await resumption.renew(['a']);
      expect(await resumption.take('a')).toBe(false);
      await resumption.hold(['b']);
      expect(await resumption.take('b')).toBe(true);
    } finally {
      await redis.stop();
    }
  });
});
