/** What may be forgotten: the same in this process and on Redis, and nobody waits for it or fails without it. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { UNKNOWN } from '../../src/behaviour/risk/risk.ts';
import { dropRisk, findKeptRisk, keepRisk } from '../../src/behaviour/trained/keptRisk.ts';
import { type Cache, createCache } from '../../src/infra/cache/cache.ts';
import { CACHE_KINDS, type CacheKind } from '../../src/infra/cache/cacheKinds.ts';
import { createInProcessEntries } from '../../src/infra/cache/inProcess.ts';
import { openOwnCache } from '../../src/infra/cache/openOwnCache.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { dropPages } from '../../src/threats/keptPage.ts';
import { startRedis, useRedis } from '../support/redis.ts';

const redisUrl = inject('redisUrl');
const server = redisUrl ? useRedis(redisUrl) : undefined;
const redis = redisUrl ? new Redis(redisUrl) : undefined;
afterAll(() => {
  server?.close();
  redis?.disconnect();
});

const log = createLog('silent', 'test');
const Score = z.strictObject({ score: z.int() });
const never = () => false;

function open(
  on: typeof server,
  prefix = `{${randomUUID()}}:`,
): Cache & { prefix: string; reads(): Promise<object[]> } {
  const metrics = createMetrics();
  const cache = createCache({ redis: on, prefix, metrics, log });
  onTestFinished(() => cache.close());
  return { ...cache, prefix, reads: async () => (await metrics.cacheReads.get()).values };
}

describe.skipIf(redisUrl === null).each(['in this process', 'on Redis'])('the cache %s', (place) => {
  const here = () => open(place === 'on Redis' ? server : undefined);

  test('gives what was put there, by its kind and its id, until it is dropped', async () => {
    const cache = here();
    await cache.put('session_risk', 'a', { score: 31 });
    await cache.put('context_score', 'a', { score: 75 });
    expect(await cache.get('session_risk', 'a', Score)).toEqual({ score: 31 });
    expect(await cache.get('context_score', 'a', Score)).toEqual({ score: 75 });
    expect(await cache.get('context_score', 'b', Score)).toBeUndefined();
    await cache.drop('session_risk', 'a');
    expect(await cache.get('session_risk', 'a', Score)).toBeUndefined();
    expect(await cache.reads()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ labels: { kind: 'session_risk', result: 'hit' }, value: 1 }),
        expect.objectContaining({ labels: { kind: 'context_score', result: 'miss' }, value: 1 }),
      ]),
    );
  });

  test('takes nothing back for a moment that was dropped, and what is beside it at once', async () => {
    const cache = here();
    await cache.drop('session_risk', 'never there');
    await cache.put('session_risk', 'never there', { score: 1 });
    await cache.put('context_score', 'never there', { score: 2 });
    expect(await cache.get('session_risk', 'never there', Score)).toBeUndefined();
    expect(await cache.get('context_score', 'never there', Score)).toEqual({ score: 2 });
    const kept = async () => {
      await cache.put('session_risk', 'never there', { score: 3 });
      return cache.get('session_risk', 'never there', Score);
    };
    await expect.poll(kept).toEqual({ score: 3 });
  });

  test('misses what is of another shape, and keeps nothing that is too long', async () => {
    const cache = here();
    await cache.put('topology', 'a', { nodes: [] });
    expect(await cache.get('topology', 'a', Score)).toBeUndefined();
    await cache.put('topology', 'long', { text: 'x'.repeat(300_000) });
    expect(await cache.get('topology', 'long', z.any())).toBeUndefined();
  });

  test('drops all that speaks of a user, and says how much it was', async () => {
    const cache = here();
    const [user, other] = [randomUUID(), randomUUID()];
    await cache.put('behavioral_model', user, { score: 1 }, user);
    await cache.put('session', 's', { score: 2 }, user);
    await cache.put('session', 't', { score: 3 }, other);
    await cache.drop('session', 's');
    await cache.put('device_profile', 'd', { score: 4 }, user);
    expect(await cache.invalidateUser(user)).toBe(2);
    expect(await cache.get('behavioral_model', user, Score)).toBeUndefined();
    expect(await cache.get('session', 't', Score)).toEqual({ score: 3 });
    expect(await cache.invalidateUser(user)).toBe(0);
  });

  test('takes back nothing of a user for a moment after all of it was dropped, and what is of others at once', async () => {
    const cache = here();
    const [user, other] = [randomUUID(), randomUUID()];
    expect(await cache.invalidateUser(user)).toBe(0);
    const keep = async (whose: string) => {
      await cache.put('context_score', whose, { score: 1 }, whose);
      return cache.get('context_score', whose, Score);
    };
    expect([await keep(user), await keep(other)]).toEqual([undefined, { score: 1 }]);
    await expect.poll(() => keep(user)).toEqual({ score: 1 });
  });

  test('says how much there is, and how often it was there', async () => {
    const cache = here();
    await cache.put('topology', 'a', { score: 1 }, randomUUID());
    await cache.get('topology', 'a', Score);
    await cache.get('topology', 'b', Score);
    await cache.get('topology', 'c', Score);
    expect(await cache.read()).toEqual({
      ...{ total_keys: 1, hits: 1, misses: 2 },
      ...{ used_memory: expect.any(Number), uptime: expect.any(Number) },
    });
    expect((await cache.read()).used_memory).toBeGreaterThan(0);
  });
});

/** What is kept of risks and threats is read where it is, and nobody is refused for it. */
async function withoutIt(cache: Cache): Promise<void> {
  const reader = { id: randomUUID(), role: 'super_admin', institution_id: null } as const;
  const whose = { user_id: randomUUID(), institution_id: randomUUID() };
  const { anomalies: _, ...risk } = UNKNOWN;
  const found = { ...whose, id: randomUUID(), risk };
  await keepRisk(cache, reader, found);
  expect(await findKeptRisk(cache, reader, found.id)).toBeUndefined();
  await dropRisk(cache, { ...whose, login_id: found.id });
  await dropPages(cache, [whose.institution_id, null]);
}

describe.skipIf(redisUrl === null)('on Redis', () => {
  const livesOf = async ({ prefix }: { prefix: string }, key: string) =>
    Math.round((await redis!.pttl(`${prefix}cache:${key}`)) / 1_000);

  /** A thousand of a user, which end then. */
  const name = ({ prefix }: { prefix: string }, user: string, ends: number) =>
    redis!.zadd(
      `${prefix}cache:names:${user}`,
      ...Array.from({ length: 1_000 }, (_, i) => [ends, `${prefix}cache:entry:session:${i}`]).flat(),
    );

  test('every key has an end: each kind its own, which a look moves only where it slides', async () => {
    const cache = open(server);
    const user = randomUUID();
    for (const kind of Object.keys(CACHE_KINDS) as CacheKind[]) {
      const { ttl_seconds, slides } = CACHE_KINDS[kind];
      await cache.put(kind, 'x', { score: 1 }, user);
      const key = `entry:${kind}:x`;
      expect(Math.abs((await livesOf(cache, key)) - ttl_seconds), kind).toBeLessThan(20);
      await redis!.pexpire(`${cache.prefix}cache:${key}`, 30_000);
      await cache.get(kind, 'x', Score);
      expect((await livesOf(cache, key)) > 30, kind).toBe(slides);
    }
    for (const key of await redis!.keys(`${cache.prefix}*`)) expect(await redis!.pttl(key), key).toBeGreaterThan(0);
  });

  test('cleaning up takes the keys of ours that have no end, and no others', async () => {
    const cache = open(server);
    await cache.put('topology', 'a', { score: 1 });
    await redis!.set(`${cache.prefix}cache:entry:old:1`, 'x');
    await redis!.set(`${cache.prefix}bull:commands:meta`, 'x', 'EX', 60);
    await redis!.set(`${cache.prefix}other`, 'x');
    expect(await cache.cleanUp(never)).toEqual({ before: 2, after: 1, removed: 1 });
    expect(await cache.cleanUp(never)).toEqual({ before: 1, after: 1, removed: 0 });
    expect(await redis!.del(`${cache.prefix}other`)).toBe(1);
  });

  test('what is kept of one user is bounded, and what could not be dropped with it is not kept', async () => {
    const cache = open(server);
    const user = randomUUID();
    await name(cache, user, Date.now() + 60_000);
    await cache.put('session', 'more', { score: 1 }, user);
    expect(await cache.get('session', 'more', Score)).toBeUndefined();
    await cache.put('session', '7', { score: 1 }, user);
    expect(await cache.get('session', '7', Score)).toEqual({ score: 1 });
  });

  test('what is kept of one user makes room when its time is over, but for what was looked at', async () => {
    const cache = open(server);
    const user = randomUUID();
    await cache.put('session', '7', { score: 7 }, user);
    await name(cache, user, Date.now() - 1);
    await cache.put('session', 'more', { score: 1 }, user);
    expect(await cache.get('session', 'more', Score)).toEqual({ score: 1 });
    for (let n = 0; n < 30; n += 1) await cache.put('session', 'more', { score: 1 }, user);
    expect(await redis!.zcard(`${cache.prefix}cache:names:${user}`)).toBe(2);
    expect(await cache.invalidateUser(user)).toBe(2);
    expect(await cache.get('session', '7', Score)).toBeUndefined();
  });

  test('one that hangs or is gone is a miss and no fault, and is used again when it is back', async () => {
    const own = await startRedis();
    onTestFinished(own.stop);
    const prefix = `{${randomUUID()}}:`;
    const ownServer = { url: own.url, process: 'test', prefix, log };
    const cache = openOwnCache({ own: ownServer, redis: undefined, prefix, metrics: createMetrics(), log });
    onTestFinished(() => cache.close());
    const put = async () => {
      await cache.put('session', 'a', { score: 1 });
      return cache.get('session', 'a', Score);
    };
    await expect.poll(put).toEqual({ score: 1 });
    own.freeze();
    expect(await cache.get('session', 'a', Score)).toBeUndefined();
    expect(await put()).toBeUndefined();
    expect(await cache.invalidateUser('u')).toBe(0);
    await withoutIt(cache);
    await expect(cache.read()).rejects.toThrow();
    own.thaw();
    await expect.poll(put).toEqual({ score: 1 });
    await own.kill();
    expect(await put()).toBeUndefined();
    await expect(cache.cleanUp(never)).rejects.toThrow();
    await own.restart();
    await expect.poll(put).toEqual({ score: 1 });
  });
});

describe('in this process', () => {
  test('each entry has its end, which a look moves where it slides', async () => {
    let now = 0;
    const entries = createInProcessEntries(() => now);
    await entries.put('a', 'x', 1_000, undefined);
    await entries.put('b', 'y', 1_000, undefined);
    now = 900;
    expect([await entries.get('a', 0), await entries.get('b', 1_000)]).toEqual(['x', 'y']);
    now = 1_000;
    expect([await entries.get('a', 0), await entries.get('b', 0)]).toEqual([undefined, 'y']);
    await entries.put('c', 'z', 10, undefined);
    now = 1_500;
    expect(await entries.cleanUp(never)).toEqual({ before: 2, after: 1, removed: 1 });
  });

  test('what was dropped is out for its time, and of those that were so many are known', async () => {
    let now = 0;
    const entries = createInProcessEntries(() => now, { most: 2, most_bytes: 20 });
    const put = async (key: string) => {
      await entries.put(key, 'x', 10_000, undefined);
      return entries.get(key, 0);
    };
    await entries.drop('a', 1_000);
    now = 999;
    expect(await put('a')).toBeUndefined();
    now = 1_000;
    expect(await put('a')).toBe('x');
    for (const key of ['a', 'b', 'c']) await entries.drop(key, 1_000);
    expect([await put('a'), await put('b'), await put('c')]).toEqual(['x', undefined, undefined]);
  });

  test('there are so many of them, and so much, and the oldest makes room', async () => {
    const entries = createInProcessEntries(() => 0, { most: 2, most_bytes: 20 });
    for (const key of ['a', 'b', 'c']) await entries.put(key, 'x', 1_000, undefined);
    expect(await Promise.all(['a', 'b', 'c'].map((key) => entries.get(key, 0)))).toEqual([undefined, 'x', 'x']);
    await entries.put('d', 'x'.repeat(10), 1_000, undefined);
    expect(await entries.read()).toMatchObject({ total_keys: 1, used_memory: 20 });
  });
});
