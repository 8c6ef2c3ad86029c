/** The contract of how changes of matches reach boards, run on both adapters; and what only Redis can do. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import pino from 'pino';
import { afterEach, describe, expect, inject, test } from 'vitest';
import type { Broadcast } from '../../src/infra/broadcast/broadcast.ts';
import { createInProcessBroadcast } from '../../src/infra/broadcast/inProcess.ts';
import { createRedisBroadcast } from '../../src/infra/broadcast/redis.ts';
import { createInProcessMatches } from '../../src/infra/feeds/inProcessMatches.ts';
import {
  channelOf,
  createMatchFanout,
  type Heard,
  type MatchChange,
  type MatchStore,
  readHeard,
  STREAM_LENGTH,
} from '../../src/infra/feeds/matchFanout.ts';
import { createRedisMatches } from '../../src/infra/feeds/redisMatches.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { startRedis, useRedis } from '../support/redis.ts';

const redisUrl = inject('redisUrl');
const PATIENCE = { timeout: 20_000, interval: 10 };
const log = pino({ level: 'silent' });

interface Parts {
  store: MatchStore;
  broadcast: Broadcast;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const onRedis = (url: string, prefix = `${randomUUID()}:`, lives = {}): Parts => {
  const server = useRedis(url);
  closing.push(() => server.close());
  return { store: createRedisMatches(server, prefix, lives), broadcast: createRedisBroadcast(server, prefix) };
};
const inProcess = (lives = {}): Parts => ({
  store: createInProcessMatches(undefined, lives),
  broadcast: createInProcessBroadcast(),
});
const ADAPTERS: [name: string, create: (lives?: object) => Parts][] = [
  ['in-process', inProcess],
  ...(redisUrl === null
    ? []
    : ([['Redis', (lives) => onRedis(redisUrl, undefined, lives)]] as [string, (lives?: object) => Parts][])),
];

function open({ store, broadcast }: Parts) {
  const metrics = createMetrics();
  const fanout = createMatchFanout({ store, broadcast, metrics, log });
  closing.push(() => broadcast.close(), fanout.close);
  const published = async () => (await metrics.matchPublishes.get()).values.reduce((sum, { value }) => sum + value, 0);
  const failed = async () => (await metrics.publishFailures.get()).values[0]?.value ?? 0;
  return { ...fanout, published, failed };
}

const event = (seq: number, more: object = {}) => ({ seq, kind: 'phase', ...more });

function change(version: number, more: Partial<MatchChange> = {}): MatchChange {
  const changed = { phase: `phase ${version}` };
  return {
    match_id: randomUUID(),
    tier: 0,
    version,
    seq: 0,
    changed,
    state: { ...changed, title: 'A v. B' },
    events: [],
    ...more,
  };
}

describe.each(ADAPTERS)('the fan-out of matches, %s', (_, create) => {
  test('tells followers of that match and tier what has changed, with the state and the events', async () => {
    const parts = create();
    const fanout = open(parts);
    const told = change(3, { tier: 1, seq: 2, events: [event(1), event(2)] });
    const { match_id, tier: _tier, ...expected } = told;
    const heard: (Heard | undefined)[] = [];
    for (const tier of [0, 1] as const) {
      await parts.broadcast.subscribe(channelOf(match_id, tier), (text) => heard.push(readHeard(text)));
    }
    await expect.poll(() => fanout.publishMatch(told).then(() => heard.length), PATIENCE).toBeGreaterThan(0);
    expect(heard[0]).toEqual(expected);
    expect(heard.every((one) => one?.seq === 2)).toBe(true);
  });

  test('keeps the latest of each tier, whichever of two writers comes last', async () => {
    const fanout = open(create());
    const { match_id } = change(1);
    await readWhenOpen((id) => fanout.readState(id, 0), match_id);
    await fanout.publishMatch(change(6, { match_id }));
    await fanout.publishMatch(change(5, { match_id }));
    await fanout.publishMatch(change(2, { match_id, tier: 2, state: { wins: 1 } }));
    await fanout.keepState(match_id, 0, { version: 4, seq: 0, state: {} });
    const { version, seq, state } = change(6);
    expect(await fanout.readState(match_id, 0)).toEqual({ version, seq, state });
    expect(await fanout.readState(match_id, 1)).toBeUndefined();
    expect(await fanout.readState(match_id, 2)).toEqual({ version: 2, seq: 0, state: { wins: 1 } });
    await fanout.keepState(match_id, 0, { version: 7, seq: 1, state: {} });
    expect(await fanout.readState(match_id, 0)).toEqual({ version: 7, seq: 1, state: {} });
  });

  test('what was written is what is read: events by their numbers, each as it is shown last (P0-1)', async () => {
    const fanout = open(create());
    const { match_id } = change(1);
    const tell = (version: number, ...events: MatchChange['events']) =>
      fanout.publishMatch(change(version, { match_id, tier: 1, events }));
    expect(await readWhenOpen(fanout.readEvents, match_id)).toEqual([]);
    await tell(1, event(1), event(2));
    await tell(3, event(4));
    await tell(2, event(3), event(1, { superseded: true }));
    expect(await fanout.readEvents(match_id)).toEqual([event(1, { superseded: true }), event(2), event(3), event(4)]);
    await tell(4, ...Array.from({ length: 600 }, (_, n) => event(5 + n)));
    const latest = await fanout.readEvents(match_id);
    expect(latest.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, n) => 505 + n));
  });

  test('keeps nothing of a match that is withdrawn but that it is', async () => {
    const fanout = open(create());
    const { match_id } = change(1);
    await readWhenOpen(fanout.readEvents, match_id);
    await fanout.publishMatch(change(1, { match_id, tier: 1, events: [event(1)] }));
    await fanout.publishMatch(change(1, { match_id, tier: 2, state: { rank: 1 } }));
    await fanout.publishMatch(change(2, { match_id, changed: { withdrawn: true }, state: { withdrawn: true } }));
    expect(await fanout.readEvents(match_id)).toEqual([]);
    expect([await fanout.readState(match_id, 1), await fanout.readState(match_id, 2)]).toEqual([undefined, undefined]);
    expect((await fanout.readState(match_id, 0))?.state).toEqual({ withdrawn: true });
  });

  test('keeps nothing that comes late of a match that was withdrawn since, and all of one that is shown again', async () => {
    const fanout = open(create());
    const { match_id } = change(1);
    await readWhenOpen(fanout.readEvents, match_id);
    const gone = { match_id, changed: { withdrawn: true }, state: { withdrawn: true } };
    await fanout.publishMatch(change(5, gone));
    await fanout.publishMatch(change(4, { match_id, tier: 1, seq: 1, events: [event(1)] }));
    await fanout.publishMatch(change(3, { match_id }));
    await fanout.keepState(match_id, 1, { version: 4, seq: 1, state: {} });
    await fanout.keepState(match_id, 2, { version: 4, seq: 1, state: { rank: 1 } });
    const kept = async () => [
      ...(await Promise.all(([0, 1, 2] as const).map(async (tier) => (await fanout.readState(match_id, tier))?.state))),
      await fanout.readEvents(match_id),
    ];
    expect(await kept()).toEqual([{ withdrawn: true }, undefined, undefined, []]);
    await fanout.publishMatch(change(6, { match_id }));
    await fanout.publishMatch(change(7, { match_id, tier: 1, seq: 1, events: [event(1)] }));
    await fanout.publishMatch(change(7, { match_id, tier: 2, state: { rank: 2 } }));
    const shown = [change(6).state, change(7).state, { rank: 2 }, [event(1)]];
    expect(await kept()).toEqual(shown);
    await fanout.publishMatch(change(5, gone));
    expect(await kept()).toEqual(shown);
  });

  test('forgets what is kept when its time is over', async () => {
    const fanout = open(create({ snapshot_ms: 50, stream_ms: 50 }));
    const { match_id } = change(1);
    await readWhenOpen(fanout.readEvents, match_id);
    await fanout.publishMatch(change(1, { match_id, tier: 1, events: [event(1)] }));
    await expect.poll(() => fanout.readState(match_id, 1).catch(() => 'away'), PATIENCE).toBeUndefined();
    await expect.poll(() => fanout.readEvents(match_id), PATIENCE).toEqual([]);
  });

  test('tells nothing of a change beyond all measure', async () => {
    const fanout = open(create());
    const huge = change(1, { state: { text: 'x'.repeat(300_000) } });
    await fanout.publishMatch(huge);
    expect([await fanout.published(), await fanout.failed()]).toEqual([0, 1]);
    expect(await readWhenOpen((id) => fanout.readState(id, 0), huge.match_id)).toBeUndefined();
  });
});

/** A client that is only just connecting says so. */
async function readWhenOpen<T>(read: (id: string) => Promise<T>, id: string): Promise<T> {
  await expect
    .poll(
      () =>
        read(id).then(
          () => true,
          () => false,
        ),
      PATIENCE,
    )
    .toBe(true);
  return read(id);
}

test.each([
  ['no JSON', '{"version":'],
  ['no state', '{"version":1,"seq":0,"changed":{},"events":[]}'],
  ['a version that is none', '{"version":"1","seq":0,"changed":{},"state":{},"events":[]}'],
  ['an event without a number', '{"version":1,"seq":0,"changed":{},"state":{},"events":[{}]}'],
  ['no events', '{"version":1,"seq":0,"changed":{},"state":{}}'],
])('a message with %s is not heard', (_, text) => {
  expect(readHeard(text)).toBeUndefined();
});

describe.skipIf(redisUrl === null)('matches in Redis', () => {
  test('all keys are the installation’s own and expire, and a stream has at most 500 events', async () => {
    const prefix = `${randomUUID()}:`;
    const fanout = open(onRedis(redisUrl!, prefix));
    const { match_id } = change(1);
    await readWhenOpen(fanout.readEvents, match_id);
    const events = Array.from({ length: STREAM_LENGTH + 20 }, (_, n) => event(n + 1));
    await fanout.publishMatch(change(1, { match_id, tier: 1, events }));
    for (const tier of [0, 2] as const) await fanout.publishMatch(change(1, { match_id, tier }));
    const client = new Redis(redisUrl!);
    try {
      const keys = await client.keys(`*${match_id}*`);
      const names = ['scoreboard', 'events', 'stats'].map((name) => `${prefix}snap:match:${match_id}:${name}`);
      expect(keys.sort()).toEqual([...names, `${prefix}stream:match:${match_id}:events`].sort());
      for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0);
      expect(await client.pttl(names[0]!)).toBeLessThanOrEqual(300_000);
      expect(await client.xlen(`${prefix}stream:match:${match_id}:events`)).toBe(STREAM_LENGTH);
      await client.set(names[0]!, 'no state');
    } finally {
      client.disconnect();
    }
    expect(await fanout.readState(match_id, 0)).toBeUndefined();
  });

  test('an event that is shown differently now is in the stream once', async () => {
    const prefix = `${randomUUID()}:`;
    const fanout = open(onRedis(redisUrl!, prefix));
    const { match_id } = change(1);
    await readWhenOpen(fanout.readEvents, match_id);
    const [said, other] = [event(1, { details: { winner: 'Oslo' } }), event(2)];
    await fanout.publishMatch(change(1, { match_id, tier: 1, seq: 2, events: [said, other] }));
    const anew = event(1, { details: {}, superseded: true });
    await fanout.publishMatch(change(2, { match_id, tier: 1, seq: 3, events: [anew, event(3)] }));
    const client = new Redis(redisUrl!);
    try {
      const entries = await client.xrange(`${prefix}stream:match:${match_id}:events`, '-', '+');
      expect(entries.map(([, [, text]]) => JSON.parse(text!))).toEqual([other, anew, event(3)]);
    } finally {
      client.disconnect();
    }
  });

  test('a follower subscribes to the one channel by its name, and to no pattern (P1-4)', async () => {
    const prefix = `${randomUUID()}:`;
    const redis = await startRedis();
    closing.push(redis.stop);
    const { broadcast } = onRedis(redis.url, prefix);
    closing.push(() => broadcast.close());
    const { match_id } = change(1);
    const end = await broadcast.subscribe(channelOf(match_id, 1), () => {});
    expect(await redis.tell('PUBSUB', 'CHANNELS')).toEqual([`${prefix}fanout:match:${match_id}:tier:1`]);
    expect(await redis.tell('PUBSUB', 'NUMPAT')).toBe(0);
    await end();
    expect(await redis.tell('PUBSUB', 'CHANNELS')).toEqual([]);
  });

  test('a publisher whose Redis is away goes on and counts it, and tells again when it is back, though it lost all', async () => {
    const redis = await startRedis();
    closing.push(redis.stop);
    const parts = onRedis(redis.url);
    const fanout = open(parts);
    const { match_id } = change(1);
    await readWhenOpen(fanout.readEvents, match_id);
    await redis.kill();
    await fanout.publishMatch(change(1, { match_id }));
    expect(await fanout.published()).toBe(0);
    expect(await fanout.failed()).toBe(1);
    await redis.restart();
    await expect
      .poll(() => fanout.publishMatch(change(2, { match_id })).then(fanout.published), PATIENCE)
      .toBeGreaterThan(0);
    await expect.poll(() => fanout.readState(match_id, 0).then((kept) => kept?.version), PATIENCE).toBe(2);
  });
});
