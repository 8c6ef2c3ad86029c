/** The contract of demand, run on both adapters: how many connections follow a match, exactly, whatever dies. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { DEMAND, DEMAND_REFRESH_MS, type Demand } from '../../src/infra/feeds/demand.ts';
import { createInProcessDemand } from '../../src/infra/feeds/inProcessDemand.ts';
import { createRedisDemand } from '../../src/infra/feeds/redisDemand.ts';
import { useRedisPatiently } from '../support/redis.ts';

const redisUrl = inject('redisUrl');
const PATIENCE = { timeout: 20_000, interval: 20 };
const LONG = { lease_ms: 60_000 };

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const onRedis = (options = LONG, prefix = `${randomUUID()}:`): Demand => {
  const server = useRedisPatiently(redisUrl!);
  const demand = createRedisDemand(server, prefix, options);
  closing.push(demand.close, () => server.close());
  return demand;
};
const ADAPTERS: [name: string, create: (options?: typeof LONG) => Demand][] = [
  ['in-process', (options = LONG) => createInProcessDemand(options)],
  ...(redisUrl === null ? [] : ([['Redis', onRedis]] as [string, (options?: typeof LONG) => Demand][])),
];
const [first, second] = [randomUUID(), randomUUID()];
const of = (leases: Record<string, string[]>) => new Map(Object.entries(leases));

test('two refreshes may be lost, and a node that dies is forgotten within a minute (P2-1)', () => {
  expect(3 * DEMAND_REFRESH_MS).toBeLessThanOrEqual(DEMAND.lease_ms);
  expect(DEMAND.lease_ms).toBeLessThan(60_000);
});

describe.each(ADAPTERS)('demand, %s', (_, create) => {
  const start = async (options = LONG) => {
    const demand = create(options);
    const asked = () =>
      demand.demandOf([first]).then(
        () => true,
        () => false,
      );
    await expect.poll(asked, PATIENCE).toBe(true);
    return demand;
  };

  test('is the number of connections of each match, however often each is said', async () => {
    const demand = await start();
    await demand.hold(of({ [first]: ['a', 'b'], [second]: ['a'] }));
    await demand.hold(of({ [first]: ['b', 'c'], [second]: ['a'] }));
    expect(await demand.demandOf([second, first, randomUUID()])).toEqual([1, 3, 0]);
    expect(await demand.demandOf([])).toEqual([]);
    await demand.hold(of({}));
    await demand.release(of({}));
  });

  test('never goes down twice for one connection that unsubscribes and is then closed (P2-1)', async () => {
    const demand = await start();
    await demand.hold(of({ [first]: ['a', 'b'] }));
    for (let n = 0; n < 3; n += 1) await demand.release(of({ [first]: ['a', 'stranger'] }));
    expect(await demand.demandOf([first])).toEqual([1]);
    await demand.release(of({ [first]: ['b'], [second]: ['b'] }));
    expect(await demand.demandOf([first, second])).toEqual([0, 0]);
  });

  test('forgets what is not said again, and keeps what is', async () => {
    const demand = await start({ lease_ms: 1_500 });
    await demand.hold(of({ [first]: ['dead', 'alive'] }));
    const again = setInterval(() => void demand.hold(of({ [first]: ['alive'] })), 40);
    try {
      await expect.poll(() => demand.demandOf([first]), PATIENCE).toEqual([1]);
    } finally {
      clearInterval(again);
    }
    await expect.poll(() => demand.demandOf([first]), PATIENCE).toEqual([0]);
  });

  test('takes thousands of connections and of matches at once', async () => {
    const demand = await start();
    const crowd = Array.from({ length: 1_200 }, (_, n) => `connection ${n}`);
    const matches = Array.from({ length: 1_100 }, () => randomUUID());
    await demand.hold(new Map([[first, crowd], ...matches.map((id) => [id, ['a']] as [string, string[]])]));
    expect(await demand.demandOf([first, ...matches])).toEqual([1_200, ...matches.map(() => 1)]);
  });
});

describe.skipIf(redisUrl === null)('demand in Redis', () => {
  test('is the same for every process, apart for every installation, and leaves nothing behind', async () => {
    const prefix = `${randomUUID()}:`;
    const [one, other, stranger] = [onRedis(LONG, prefix), onRedis(LONG, prefix), onRedis()];
    for (const demand of [one, other, stranger]) {
      await expect
        .poll(
          () =>
            demand.demandOf([first]).then(
              () => true,
              () => false,
            ),
          PATIENCE,
        )
        .toBe(true);
    }
    await one.hold(of({ [first]: ['a'] }));
    await other.hold(of({ [first]: ['b'] }));
    expect(await Promise.all([one, other, stranger].map((demand) => demand.demandOf([first])))).toEqual([
      [2],
      [2],
      [0],
    ]);
    const client = new Redis(redisUrl!);
    try {
      expect(await client.pttl(`${prefix}demand:match:${first}`)).toBeGreaterThan(0);
    } finally {
      client.disconnect();
    }
  });
});
