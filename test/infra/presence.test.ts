/** The contract of presence, run on both adapters; and what only Redis can do: lose everything. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { createInProcessPresence } from '../../src/infra/presence/inProcess.ts';
import type { Change, Person, Presence, PresenceOptions } from '../../src/infra/presence/presence.ts';
import { createRedisPresence } from '../../src/infra/presence/redis.ts';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { useRedisPatiently } from '../support/redis.ts';

const redisUrl = inject('redisUrl');
const servers: RedisServer[] = [];
const connect = () => {
  servers.push(useRedisPatiently(redisUrl!));
  return servers.at(-1)!;
};
const onRedis = (options: PresenceOptions, prefix = `${randomUUID()}:`) =>
  createRedisPresence(connect(), prefix, options);
const ADAPTERS: [name: string, create: (options: PresenceOptions) => Presence][] = [
  ['in-process', createInProcessPresence],
  ...(redisUrl === null ? [] : ([['Redis', onRedis]] as [string, (options: PresenceOptions) => Presence][])),
];

const LONG = { lease_ms: 60_000, flicker_ms: 0 };
const ada: Person = { session_id: randomUUID(), user_id: randomUUID() };
const rui: Person = { ...ada, user_id: randomUUID() };
const elsewhere: Person = { ...ada, session_id: randomUUID() };
const came = (person: Person): Change => ({ ...person, is_present: true });
const went = (person: Person): Change => ({ ...person, is_present: false });

const open: Presence[] = [];
afterEach(async () => {
  for (const presence of open.splice(0)) await presence.close();
  for (const server of servers.splice(0)) server.close();
});

describe.each(ADAPTERS)('presence, %s', (_, create) => {
  const start = (options: PresenceOptions = LONG): Presence => {
    const presence = create(options);
    open.push(presence);
    return presence;
  };

  test('where nobody is nothing has changed', async () => {
    const presence = start();
    expect(await presence.changed(10)).toEqual([]);
    expect(await presence.arePresent([ada])).toEqual([false]);
  });

  test('who came is told until that is settled, and saying it again is no change', async () => {
    const presence = start();
    await presence.hold('a', [ada]);
    expect(await presence.changed(10)).toEqual([came(ada)]);
    expect(await presence.changed(10)).toEqual([came(ada)]);
    await presence.acknowledge([came(ada)]);
    await presence.hold('a', [ada]);
    expect(await presence.changed(10)).toEqual([]);
    expect(await presence.arePresent([ada, rui, elsewhere])).toEqual([true, false, false]);
  });

  test('only the last socket counts, wherever it is', async () => {
    const presence = start();
    await presence.hold('a', [ada]);
    await presence.hold('b', [ada]);
    await presence.acknowledge([came(ada)]);
    await presence.release('a', [ada]);
    expect(await presence.changed(10)).toEqual([]);
    expect(await presence.arePresent([ada])).toEqual([true]);
    await presence.release('b', [ada]);
    expect(await presence.changed(10)).toEqual([went(ada)]);
    expect(await presence.arePresent([ada])).toEqual([false]);
  });

  test('who is let go is gone, even where nobody remembers the lease', async () => {
    const presence = start();
    await presence.release('a', [ada]);
    expect(await presence.changed(10)).toEqual([went(ada)]);
    await presence.hold('b', [rui]);
    await presence.acknowledge([went(ada), came(rui)]);
    await presence.release('a', [rui]);
    expect(await presence.changed(10)).toEqual([]);
  });

  test('a lease that is not said again runs out; one that is does not', async () => {
    const presence = start({ lease_ms: 1_500, flicker_ms: 0 });
    await presence.hold('dead', [ada, rui]);
    await presence.acknowledge([came(ada), came(rui)]);
    const refresh = setInterval(() => void presence.hold('alive', [rui]), 50);
    try {
      await vi.waitFor(async () => expect(await presence.changed(10)).toEqual([went(ada)]), 25_000);
      expect(await presence.arePresent([ada, rui])).toEqual([false, true]);
    } finally {
      clearInterval(refresh);
    }
  });

  test('a relay that dies leaves nobody behind whom another holds, and the other lets go for good', async () => {
    const presence = start({ lease_ms: 1_500, flicker_ms: 0 });
    await presence.hold('dead', [ada]);
    const refresh = setInterval(() => void presence.hold('alive', [ada]), 50);
    await presence.acknowledge([came(ada)]);
    await vi.waitFor(async () => expect(await presence.arePresent([ada])).toEqual([true]), 20_000);
    clearInterval(refresh);
    await presence.hold('alive', [ada]);
    await presence.release('alive', [ada]);
    await vi.waitFor(async () => expect(await presence.changed(10)).toEqual([went(ada)]), 25_000);
  });

  test('who goes and comes right back has not changed', async () => {
    const presence = start({ lease_ms: 60_000, flicker_ms: 60_000 });
    await presence.hold('a', [ada]);
    await presence.acknowledge([came(ada)]);
    await presence.release('a', [ada]);
    expect(await presence.changed(10)).toEqual([]);
    await presence.hold('b', [ada]);
    expect(await presence.changed(10)).toEqual([came(ada)]);
  });

  test('what changed again since it was told is not settled', async () => {
    const presence = start();
    await presence.hold('a', [ada]);
    await presence.release('a', [ada]);
    expect(await presence.changed(10)).toEqual([went(ada)]);
    await presence.hold('a', [ada]);
    await presence.acknowledge([went(ada)]);
    expect(await presence.changed(10)).toEqual([came(ada)]);
  });

  test('changes are told in the order in which they are due, as many as are asked for; in two sessions one is two', async () => {
    const presence = start({ lease_ms: 60_000, flicker_ms: 100 });
    await presence.hold('a', [ada]);
    await presence.release('a', [ada]);
    await presence.hold('a', [elsewhere]);
    await vi.waitFor(async () => expect(await presence.changed(10)).toEqual([came(elsewhere), went(ada)]), 25_000);
    expect(await presence.changed(1)).toEqual([came(elsewhere)]);
  });

  test('a thousand and one are held and let go at once', async () => {
    const presence = start();
    const crowd = Array.from({ length: 1_001 }, () => ({ ...ada, user_id: randomUUID() }));
    await presence.hold('a', crowd);
    expect(await presence.arePresent(crowd)).toEqual(crowd.map(() => true));
    await presence.release('a', crowd);
    const gone = await presence.changed(2_000);
    expect(gone).toHaveLength(1_001);
    await presence.acknowledge(gone);
    expect(await presence.changed(1)).toEqual([]);
  });
});

describe.skipIf(redisUrl === null)('presence in Redis', () => {
  test('is the same for every process, and apart for every installation', async () => {
    const prefix = `${randomUUID()}:`;
    const [one, other, stranger] = [onRedis(LONG, prefix), onRedis(LONG, prefix), onRedis(LONG)];
    open.push(one, other, stranger);
    await one.hold('a', [ada]);
    expect(await other.changed(10)).toEqual([came(ada)]);
    expect(await stranger.changed(10)).toEqual([]);
  });

  test('that was emptied tells of nobody as gone, and of everybody who is said again', async () => {
    const prefix = `${randomUUID()}:`;
    const presence = onRedis(LONG, prefix);
    open.push(presence);
    await presence.hold('a', [ada, rui]);
    await presence.acknowledge([came(ada), came(rui)]);
    const client = new Redis(redisUrl!);
    const keys = await client.keys(`${prefix}*`);
    expect(keys.length).toBeGreaterThan(2);
    await client.del(...keys);
    client.disconnect();
    expect(await presence.changed(10)).toEqual([]);
    await presence.hold('a', [ada]);
    expect(await presence.changed(10)).toEqual([came(ada)]);
  });
});
