/** States that processes change together: the same in this process and on Redis, and no change is lost. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, describe, expect, inject, test } from 'vitest';
import type { SharedStates } from '../../src/core/definitions/sharedStates.ts';
import { createPace } from '../../src/feeds/pace/pace.ts';
import { createInProcessStates } from '../../src/infra/pace/inProcess.ts';
import { createRedisStates } from '../../src/infra/pace/redis.ts';
import { openSharedStates } from '../../src/infra/pace/sharedStates.ts';
import { useRedis } from '../support/redis.ts';

const START = 1_800_000_000_000;
const MINUTE_MS = 60_000;

interface Opened {
  /** Of two processes. */
  states: [SharedStates, SharedStates];
  pass(ms: number): Promise<void>;
}

const redisUrl = inject('redisUrl');
const server = redisUrl ? useRedis(redisUrl) : undefined;
const redis = redisUrl ? new Redis(redisUrl) : undefined;
const opened: SharedStates[] = [];
afterEach(() => {
  for (const states of opened.splice(0)) states.close();
});
afterAll(() => {
  server?.close();
  redis?.disconnect();
});

async function openInMemory(): Promise<Opened> {
  let now = START;
  const states = createInProcessStates(() => now);
  const pass = async (ms: number) => {
    now += ms;
  };
  return { states: [states, states], pass };
}

async function openOnRedis(prefix = `${randomUUID()}:`): Promise<Opened> {
  let now = START;
  const tell = () => redis!.set(`${prefix}clock`, now, 'EX', 60);
  await tell();
  const clock = `local now = tonumber(redis.call('GET', '${prefix}clock'))`;
  const states = [1, 2].map(() => createRedisStates(server!, prefix, clock)) as [SharedStates, SharedStates];
  opened.push(...states);
  const pass = async (ms: number) => {
    now += ms;
    await tell();
  };
  return { states, pass };
}

const PLACES: [string, () => Promise<Opened>][] = [
  ['in memory', openInMemory],
  ...(redisUrl ? [['on Redis', () => openOnRedis()] as [string, typeof openInMemory]] : []),
];

const add = (states: SharedStates, key = 'a') =>
  states.change(key, MINUTE_MS, (count: number | undefined, now) => ({ state: (count ?? 0) + 1, answer: now }));

describe.each(PLACES)('a shared state %s', (_, open) => {
  test('is what the last change made of it, at the time that all share', async () => {
    const { states, pass } = await open();
    expect(await add(states[0])).toBe(START);
    await pass(5);
    expect(await add(states[1])).toBe(START + 5);
    expect(await states[0].read(['a', 'b'])).toEqual({ now: START + 5, states: [2, undefined] });
  });

  test('loses no change of many at once, from two processes', async () => {
    const { states } = await open();
    await Promise.all(Array.from({ length: 10 }, (_, i) => add(states[i % 2]!)));
    expect((await states[1].read(['a'])).states).toEqual([10]);
  });

  test('lets one of many probe', async () => {
    const { states, pass } = await open();
    const [one, other] = states.map(createPace) as [ReturnType<typeof createPace>, ReturnType<typeof createPace>];
    for (let i = 0; i < 5; i += 1) {
      await one.enter('a', 60);
      await one.leave('a', { latency_ms: 1, outcome: 'failed' });
    }
    await expect(other.enter('a', 60)).rejects.toMatchObject({ code: 'breaker_open' });
    await pass(MINUTE_MS);
    const tries = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => (i % 2 ? one : other).enter('a', 60)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await other.leave('a', { latency_ms: 1, outcome: 'ok' });
    expect(await one.read([{ feed_id: 'a', limit: 60 }])).toMatchObject([{ breaker: 'closed', quota: { used: 1 } }]);
  });

  test('of nothing is read as nothing', async () => {
    const { states } = await open();
    expect((await states[0].read([])).states).toEqual([]);
  });
});

test.runIf(redisUrl)('states of two installations in one Redis are apart, and each has an end', async () => {
  const prefixes = [`${randomUUID()}:`, `${randomUUID()}:`] as const;
  const [one, other] = [await openOnRedis(prefixes[0]), await openOnRedis(prefixes[1])];
  await add(one.states[0]);
  expect((await other.states[0].read(['a'])).states).toEqual([undefined]);
  expect(await redis!.pttl(`${prefixes[0]}a`)).toBeGreaterThan(0);
});

test('the parts of a process that has no Redis share what they open, and what all have closed is gone', async () => {
  const log = { warn() {}, info() {} } as never;
  const open = () => openSharedStates({ redis: undefined, prefix: 'one:', log });
  const [worker, api] = [open(), open()];
  await add(worker);
  expect((await api.read(['a'])).states).toEqual([1]);
  const another = openSharedStates({ redis: undefined, prefix: 'another:', log });
  expect((await another.read(['a'])).states).toEqual([undefined]);
  for (const states of [worker, api, api, another]) states.close();
  const later = open();
  opened.push(later);
  expect((await later.read(['a'])).states).toEqual([undefined]);
});

test('where Redis is away the process goes on by itself, says so once, and is back when it is', async () => {
  const told: string[] = [];
  const tell = (_: object, text: string) => void told.push(text);
  let isAway = true;
  const inMemory = createInProcessStates();
  const counted = { read: 0 };
  const fake = {
    open: () => ({
      status: 'ready',
      disconnect() {},
      connect: async () => {},
      pace_read: async () => {
        counted.read += 1;
        return [(await inMemory.read([])).now, ''];
      },
      pace_swap: async () => 1,
    }),
    ask: <T>(question: () => Promise<T>) => (isAway ? Promise.reject(new Error('Redis is away')) : question()),
  };
  const states = openSharedStates({ redis: fake as never, prefix: 'a:', log: { warn: tell, info: tell } as never });
  opened.push(states);
  await add(states);
  await add(states);
  expect(told).toEqual(['pace of feeds alone: this process counts by itself']);
  isAway = false;
  await add(states);
  expect(told).toHaveLength(2);
  expect(counted.read).toBe(1);
});
