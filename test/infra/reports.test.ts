/** The contract of relays' reports, run on both adapters; and what only Redis can do: lose everything. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { createInProcessReports } from '../../src/infra/reports/inProcess.ts';
import { createRedisReports } from '../../src/infra/reports/redis.ts';
import type { Reports, Said, Tally } from '../../src/infra/reports/reports.ts';
import { useRedisPatiently } from '../support/redis.ts';

const redisUrl = inject('redisUrl');
const servers: RedisServer[] = [];
const onRedis = (lease_ms: number, prefix = `${randomUUID()}:`) => {
  servers.push(useRedisPatiently(redisUrl!));
  return createRedisReports(servers.at(-1)!, prefix, lease_ms);
};
const ADAPTERS: [name: string, create: (lease_ms: number) => Reports][] = [
  ['in-process', createInProcessReports],
  ...(redisUrl === null ? [] : ([['Redis', onRedis]] as [string, (lease_ms: number) => Reports][])),
];

const LONG_MS = 60_000;
const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
const tally = (connections: number, listeners = connections): Tally => ({ connections, listeners });

function saying(rooms: Record<string, Tally>, users?: string[]): Said {
  const connections = Object.values(rooms).reduce((sum, room) => sum + room.connections, 0);
  const report = { started_at: '2026-11-22T10:00:00.000Z', connections, connections_by_transport: {} };
  return { report, rooms: new Map(Object.entries(rooms)), ...(users && { users }) };
}

const open: Reports[] = [];
afterEach(async () => {
  for (const reports of open.splice(0)) await reports.close();
  for (const server of servers.splice(0)) server.close();
});

describe.each(ADAPTERS)('reports, %s', (_, create) => {
  const start = (lease_ms = LONG_MS): Reports => {
    open.push(create(lease_ms));
    return open.at(-1)!;
  };

  test('where no relay is there are no reports, and nobody is anywhere', async () => {
    const reports = start();
    expect(await reports.reports()).toEqual(new Map());
    expect(await reports.rooms()).toEqual(new Map());
    expect(await reports.tallies([first, second])).toEqual([tally(0), tally(0)]);
    expect(await reports.uniqueUsers()).toBe(0);
  });

  test('what two relays say is added up, each room for itself, and a user at both is one', async () => {
    const reports = start();
    await reports.say('a', saying({ [first]: tally(3, 2), [second]: tally(1) }, ['ada', 'rui']));
    await reports.say('b', saying({ [first]: tally(4) }, ['rui', 'kim']));
    expect(await reports.tallies([third, first, second])).toEqual([tally(0), tally(7, 6), tally(1)]);
    expect(await reports.tallies([first], 'a')).toEqual([tally(4)]);
    expect(await reports.uniqueUsers()).toBe(3);
    const said = await reports.reports();
    expect([...said].map(([relay, { connections }]) => `${relay} ${connections}`).sort()).toEqual(['a 4', 'b 4']);
    expect((await reports.rooms()).get('b')).toEqual(new Map([[first, tally(4)]]));
  });

  test('numbers are absolute: said twice they count once, and what a whole telling leaves out is gone', async () => {
    const reports = start();
    await reports.say('a', saying({ [first]: tally(3), [second]: tally(1) }, ['ada']));
    await reports.say('a', saying({ [first]: tally(3), [second]: tally(1) }, ['ada']));
    expect(await reports.tallies([first, second])).toEqual([tally(3), tally(1)]);
    await reports.say('a', saying({ [second]: tally(2) }, ['rui']));
    expect(await reports.tallies([first, second])).toEqual([tally(0), tally(2)]);
    expect(await reports.uniqueUsers()).toBe(1);
  });

  test('a change of some rooms leaves the others as they were, and a room without connections is none', async () => {
    const reports = start();
    await reports.say('a', saying({ [first]: tally(3), [second]: tally(1) }, ['ada']));
    await reports.say('a', saying({ [first]: tally(0), [third]: tally(1, 0) }));
    expect(await reports.tallies([first, second, third])).toEqual([tally(0), tally(1), tally(1, 0)]);
    expect((await reports.rooms()).get('a')).toEqual(
      new Map([
        [second, tally(1)],
        [third, tally(1, 0)],
      ]),
    );
    expect(await reports.uniqueUsers()).toBe(1);
  });

  test('a relay that leaves takes its numbers with it at once, and no other’s', async () => {
    const reports = start();
    await reports.say('a', saying({ [first]: tally(3) }, ['ada']));
    await reports.say('b', saying({ [first]: tally(1) }, ['rui']));
    await reports.leave('a');
    expect(await reports.tallies([first])).toEqual([tally(1)]);
    expect([...(await reports.reports()).keys()]).toEqual(['b']);
    expect(await reports.uniqueUsers()).toBe(1);
  });

  test('a relay that says nothing more is gone with its lease; one that does stays', async () => {
    const reports = start(1_500);
    await reports.say('dead', saying({ [first]: tally(3) }, ['ada']));
    const again = setInterval(() => void reports.say('alive', saying({ [first]: tally(1) }, ['rui'])), 50);
    try {
      await vi.waitFor(async () => expect(await reports.tallies([first])).toEqual([tally(4)]), 25_000);
      await vi.waitFor(async () => expect(await reports.tallies([first])).toEqual([tally(1)]), 25_000);
      await vi.waitFor(async () => expect([...(await reports.reports()).keys()]).toEqual(['alive']), 25_000);
      expect(await reports.uniqueUsers()).toBe(1);
    } finally {
      clearInterval(again);
    }
  });

  test('what else a relay says of itself comes through', async () => {
    const reports = start();
    const { report, ...rest } = saying({}, []);
    await reports.say('a', { ...rest, report: { ...report, backpressure: { active_queues: 2 } } });
    expect((await reports.reports()).get('a')).toEqual({ ...report, backpressure: { active_queues: 2 } });
  });

  test('thousands of rooms and users are said at once', async () => {
    const reports = start();
    const crowd = Array.from({ length: 2_500 }, () => randomUUID());
    await reports.say('a', saying(Object.fromEntries(crowd.map((id) => [id, tally(1)])), crowd));
    expect(await reports.tallies(crowd)).toEqual(crowd.map(() => tally(1)));
    expect(await reports.uniqueUsers()).toBe(2_500);
  });
});

describe.skipIf(redisUrl === null)('reports in Redis', () => {
  test('are the same for every process, and apart for every installation', async () => {
    const prefix = `${randomUUID()}:`;
    const [one, other, stranger] = [onRedis(LONG_MS, prefix), onRedis(LONG_MS, prefix), onRedis(LONG_MS)];
    open.push(one, other, stranger);
    await one.say('a', saying({ [first]: tally(2) }, ['ada']));
    expect(await other.tallies([first])).toEqual([tally(2)]);
    expect(await stranger.tallies([first])).toEqual([tally(0)]);
  });

  test('leave nothing behind: every key ends with the lease', async () => {
    const prefix = `${randomUUID()}:`;
    const reports = onRedis(LONG_MS, prefix);
    open.push(reports);
    await reports.say('a', saying({ [first]: tally(2) }, ['ada']));
    await reports.say('a', saying({ [second]: tally(2) }));
    const client = new Redis(redisUrl!);
    try {
      const keys = await client.keys(`${prefix}*`);
      expect(keys).toHaveLength(4);
      for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0);
    } finally {
      client.disconnect();
    }
  });

  test('of a relay whose report is none of ours are left out', async () => {
    const prefix = `${randomUUID()}:`;
    const reports = onRedis(LONG_MS, prefix);
    open.push(reports);
    await reports.say('a', saying({}, []));
    await reports.say('b', saying({}, []));
    const client = new Redis(redisUrl!);
    await client.set(`${prefix}relay:b:report`, '{"connections":');
    client.disconnect();
    expect([...(await reports.reports()).keys()]).toEqual(['a']);
  });
});
