/** A Redis as a process uses it: whoever asks one that hangs waits once and briefly, and it is asked again when it is back. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createRedisBroadcast } from '../../src/infra/broadcast/redis.ts';
import { openQueues } from '../../src/infra/queue/queue.ts';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { openTestLimiter, tryOf } from '../support/limiter.ts';
import { until } from '../support/processes.ts';
import { useRedis } from '../support/redis.ts';
import { openWire, type Wire } from '../support/wire.ts';

const redisUrl = inject('redisUrl');

describe.skipIf(redisUrl === null)('a Redis that hangs', () => {
  const log = createLog('silent', 'test');
  const openPool = () => {
    throw new Error('there is no Postgres here');
  };
  let wire: Wire;
  let redis: RedisServer;
  beforeEach(async () => {
    wire = await openWire(redisUrl!);
    redis = useRedis(wire.urlOf(redisUrl!), `${randomUUID()}:`);
    await until('it is there', redis.isConnected);
  });
  afterEach(async () => {
    redis.close();
    await wire.stop();
  });

  /** How long it took, whatever came of it, in milliseconds. */
  async function timed(work: () => Promise<unknown>): Promise<number> {
    const started = performance.now();
    await work().catch(() => {});
    return performance.now() - started;
  }

  test('holds up announcements and doorbells once, for a moment, and then not at all', async () => {
    const broadcast = createRedisBroadcast(redis, '');
    const queues = openQueues({ openPool, redis, installation: randomUUID(), onError: () => {}, log });
    const tell = () => broadcast.publish('stream', 'event');
    const ring = () => queues.queue('commands').add('session.start', {});
    await until('it carries', () => Promise.all([tell(), ring()]).then(...[() => true, () => false]));
    wire.freeze();
    const first = await timed(() => Promise.all([tell(), ring(), tell(), ring()]));
    expect(first).toBeGreaterThan(200);
    // A connection on which nothing comes back is lost after five seconds, and a busy machine makes a moment longer.
    expect(first).toBeLessThan(3_000);
    const after: number[] = [];
    for (let i = 0; i < 20; i += 1) after.push(await timed(i % 2 ? tell : ring));
    expect(after.filter((ms) => ms < 100).length).toBeGreaterThan(10);
    wire.thaw();
    await until('it carries again', () => Promise.all([tell(), ring()]).then(...[() => true, () => false]), 25_000);
    await queues.close();
    await broadcast.close();
  });

  test('leaves the limiter to memory at once, and takes it back', async () => {
    const limiter = openTestLimiter(redis);
    const take = async () => (await limiter.take([tryOf('user', 5)])).admitted;
    await until('it counts', take);
    wire.freeze();
    expect(await timed(take)).toBeLessThan(3_000);
    const admitted: boolean[] = [];
    const took = await timed(async () => {
      for (let i = 0; i < 100; i += 1) admitted.push(await take());
    });
    expect(took).toBeLessThan(10_000);
    expect(admitted.filter(Boolean)).toHaveLength(4);
    wire.thaw();
    await until('it counts again', async () => !limiter.told.at(-1)!.includes('degraded') && take(), 25_000);
    limiter.close();
  });

  test('is away for health within seconds, and is back by itself', async () => {
    wire.freeze();
    await until('it is missed', () => !redis.isConnected(), 25_000);
    wire.thaw();
    await until('it is back', redis.isConnected, 25_000);
  });

  test('whose one connection alone has gone silent is not held for away', async () => {
    const client = redis.open('lost');
    await until('it is connected', redis.isConnected);
    await client.call('CLIENT', 'KILL', 'ID', await client.client('ID'), 'SKIPME', 'no').catch(() => {});
    await expect(redis.ask(() => Promise.reject(new Error('a fault of one question')))).rejects.toThrow('one question');
    await until('it answers', () => redis.ask(() => client.ping()).catch(() => undefined));
    expect(redis.isConnected()).toBe(true);
  });
});
