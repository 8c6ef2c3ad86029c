/** The contract of observations' leases, run on both adapters; and what only Redis can do: lose everything. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { createInProcessObservers } from '../../src/infra/presence/inProcessObservers.ts';
import { isWhole, OBSERVERS, type ObserverLeases, type ObserverOptions } from '../../src/infra/presence/observers.ts';
import { createRedisObservers } from '../../src/infra/presence/redisObservers.ts';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { useRedisPatiently } from '../support/redis.ts';

const redisUrl = inject('redisUrl');
const servers: RedisServer[] = [];
const onRedis = (options: ObserverOptions, prefix = `${randomUUID()}:`) => {
  servers.push(useRedisPatiently(redisUrl!));
  return createRedisObservers(servers.at(-1)!, prefix, options);
};
const ADAPTERS: [name: string, create: (options: ObserverOptions) => ObserverLeases][] = [
  ['in-process', createInProcessObservers],
  ...(redisUrl === null ? [] : ([['Redis', onRedis]] as [string, (options: ObserverOptions) => ObserverLeases][])),
];

const LONG = { lease_ms: 60_000, refresh_ms: 60_000 };
const PATIENCE = { timeout: 25_000, interval: 20 };
const [first, second] = [randomUUID(), randomUUID()];

const open: ObserverLeases[] = [];
afterEach(async () => {
  for (const observers of open.splice(0)) await observers.close();
  for (const server of servers.splice(0)) server.close();
});

describe.each(ADAPTERS)('leases of observations, %s', (_, create) => {
  const start = (options: ObserverOptions = LONG): ObserverLeases => {
    open.push(create(options));
    return open.at(-1)!;
  };

  test('before a relay has said anything nothing is known', async () => {
    expect(await start().lapses([first])).toEqual({ lapsed_ms: [null], known_ms: 0, is_whole: false });
  });

  test('a lease that was said holds, one that was not is none', async () => {
    const observers = start();
    await observers.hold([first]);
    const { lapsed_ms, is_whole } = await observers.lapses([second, first]);
    expect(lapsed_ms).toEqual([null, expect.any(Number)]);
    expect(lapsed_ms[1]!).toBeLessThan(-50_000);
    expect(is_whole).toBe(false);
  });

  test('how long ago a lease ran out is known, and that nothing was forgotten meanwhile', async () => {
    const observers = start({ lease_ms: 20, refresh_ms: 250 });
    await observers.hold([first]);
    const refresh = setInterval(() => void observers.hold([]), 20);
    try {
      await vi.waitFor(async () => {
        const { lapsed_ms, known_ms, is_whole } = await observers.lapses([first, second]);
        expect(is_whole).toBe(true);
        expect(known_ms).toBeGreaterThan(300);
        expect(lapsed_ms[0]!).toBeGreaterThan(250);
        expect(lapsed_ms[1]).toBeNull();
      }, PATIENCE);
    } finally {
      clearInterval(refresh);
    }
  });

  test('after a gap in what relays say all begins anew', async () => {
    const observers = start({ lease_ms: 0, refresh_ms: 20 });
    // A busy machine comes to the second word after the gap only, and begins once more.
    await vi.waitFor(async () => {
      await observers.hold([]);
      expect((await observers.lapses([])).known_ms).toBeGreaterThan(0);
    }, PATIENCE);
    await vi.waitFor(async () => expect((await observers.lapses([])).known_ms).toBe(0), PATIENCE);
    const again = performance.now();
    await observers.hold([]);
    const { known_ms } = await observers.lapses([]);
    // Two clocks, each rounded.
    expect(known_ms).toBeLessThanOrEqual(performance.now() - again + 2);
  });

  test('a thousand and one are held at once', async () => {
    const observers = start();
    const crowd = Array.from({ length: 1_001 }, () => randomUUID());
    await observers.hold(crowd);
    expect((await observers.lapses(crowd)).lapsed_ms.every((lapsed) => lapsed !== null && lapsed < 0)).toBe(true);
  });
});

test('what is known is whole once all that holds was said again, however late', () => {
  const { lease_ms, refresh_ms } = OBSERVERS;
  expect(isWhole(lease_ms + refresh_ms, OBSERVERS)).toBe(false);
  expect(isWhole(lease_ms + 3 * refresh_ms, OBSERVERS)).toBe(true);
});

describe.skipIf(redisUrl === null)('leases of observations in Redis', () => {
  test('are the same for every process, and apart for every installation', async () => {
    const prefix = `${randomUUID()}:`;
    const [one, other, stranger] = [onRedis(LONG, prefix), onRedis(LONG, prefix), onRedis(LONG)];
    open.push(one, other, stranger);
    await one.hold([first]);
    expect((await other.lapses([first])).lapsed_ms).toEqual([expect.any(Number)]);
    expect((await stranger.lapses([first])).lapsed_ms).toEqual([null]);
  });

  test('that were wiped are known to be', async () => {
    const prefix = `${randomUUID()}:`;
    const observers = onRedis({ lease_ms: 0, refresh_ms: 10_000 }, prefix);
    open.push(observers);
    await observers.hold([first]);
    await vi.waitFor(async () => expect((await observers.lapses([])).known_ms).toBeGreaterThan(50), PATIENCE);
    const client = new Redis(redisUrl!);
    await client.del(...(await client.keys(`${prefix}*`)));
    client.disconnect();
    const again = performance.now();
    await observers.hold([second]);
    const { lapsed_ms, known_ms } = await observers.lapses([first, second]);
    // Two clocks, each rounded.
    expect(known_ms).toBeLessThanOrEqual(performance.now() - again + 2);
    expect(lapsed_ms).toEqual([null, expect.any(Number)]);
  });
});
