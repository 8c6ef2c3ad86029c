/** What is connected is bounded, read once for all relays, and told as it was last while it cannot be read. */
import { randomUUID } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { createCache } from '../../src/infra/cache/cache.ts';
import type { Tallies } from '../../src/infra/reports/reports.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { ConsoleVisit } from '../../src/relay/console/consoleVisit.ts';
import { createKnownTopology, startBeat } from '../../src/relay/console/knownTopology.ts';
import { readTopology, type TopologySources } from '../../src/relay/console/topology.ts';
import type { Batch } from '../../src/relay/listeners/prepared.ts';

afterEach(() => vi.useRealTimers());

const cached = () =>
  createCache({ redis: undefined, prefix: '', metrics: createMetrics(), log: { debug() {} } as never });

/** @param counts of relays and of rooms, each of which is heard at each relay */
function sourcesOf(counts: [relays: number, rooms: number]) {
  const [relays, rooms] = counts.map((count) => Array.from({ length: count }, () => randomUUID())) as [
    string[],
    string[],
  ];
  const rows = rooms.map((id) => ({ id, status: 'active' }));
  const heard: Tallies = new Map(rooms.map((id, n) => [id, { connections: n + 1, listeners: n }]));
  const asked = { times: 0, isAway: false };
  const sources: TopologySources = {
    db: {
      async query() {
        asked.times += 1;
        if (asked.isAway) throw new Error('away');
        return { rows };
      },
    } as never,
    reports: {
      reports: async () => new Map(relays.map((id) => [id, {} as never])),
      rooms: async () => new Map(relays.map((id) => [id, heard])),
    },
    heartbeat: {
      alive: () => ({ api: 2, worker: 1, relay: relays.length, scheduler: 0, signer: 1 }),
      served: () =>
        new Map([
          ['commands', true],
          ['ml', false],
        ] as const),
    },
  };
  return { sources, asked };
}

test('says what runs, what is served, and how many listen where', async () => {
  const { nodes, edges } = await readTopology(sourcesOf([2, 2]).sources, null);
  const statesOf = (kind: string) =>
    nodes.filter((node) => node.kind === kind).map(({ id, state, listeners }) => [id.split(':')[1], state, listeners]);
  expect(statesOf('process')).toEqual(
    expect.arrayContaining([
      ['worker', 'up', 0],
      ['scheduler', 'away', 0],
    ]),
  );
  expect(statesOf('queue')).toEqual([
    ['commands', 'served', 0],
    ['ml', 'unserved', 0],
  ]);
  expect(statesOf('relay').map(([, state, listeners]) => [state, listeners])).toEqual([
    ['up', 1],
    ['up', 1],
  ]);
  expect(statesOf('room').map(([, state, listeners]) => [state, listeners])).toEqual([
    ['active', 0],
    ['active', 2],
  ]);
  expect(edges.map(({ status }) => status)).toEqual(['served', ...Array(4).fill('connected')]);
});

test('is bounded, and has the rooms with most listeners', async () => {
  const { nodes, edges } = await readTopology(sourcesOf([80, 200]).sources, null);
  expect(nodes.filter(({ kind }) => kind === 'relay')).toHaveLength(50);
  const heard = edges.filter(({ status }) => status === 'connected');
  expect(heard).toHaveLength(1_000);
  expect(Math.min(...heard.map(({ listeners }) => listeners))).toBe(180);
});

test('is read once for all relays, each institution by itself, and told as it was last while it cannot be read', async () => {
  const cache = cached();
  const { sources, asked } = sourcesOf([1, 1]);
  const [one, other] = [createKnownTopology(sources, cache), createKnownTopology(sources, cache)];
  const seen = await one.read(null);
  expect(await other.read(null)).toEqual(seen);
  expect(asked.times).toBe(1);
  const institution_id = randomUUID();
  await other.read(institution_id);
  expect(asked.times).toBe(2);
  const old = { ...seen, as_of: new Date(Date.now() - 30_000).toISOString() };
  await cache.put('topology', 'installation', old);
  asked.isAway = true;
  expect(await one.read(null)).toEqual(old);
  await expect(one.read(randomUUID())).rejects.toThrow('away');
  asked.isAway = false;
  expect((await one.read(null)).as_of > old.as_of).toBe(true);
});

test('is read where the cache is away', async () => {
  const { sources, asked } = sourcesOf([1, 1]);
  const away = { get: async () => undefined, put: async () => {} };
  const known = createKnownTopology(sources, away);
  await known.read(null);
  await known.read(null);
  expect(asked.times).toBe(2);
});

test('is told once a minute where nothing has changed, and at the next look where it has', () => {
  vi.useFakeTimers();
  const told: string[] = [];
  const wire = {
    write({ messages }: Batch) {
      told.push(...messages.map(({ text }) => JSON.parse(text)).flatMap(({ as_of }) => as_of ?? []));
      return true;
    },
    ...{ close() {}, isOpen: () => true },
  };
  const admitted = { connection_id: randomUUID(), identity: { actor: { id: randomUUID(), role: 'admin' } } };
  const visit = new ConsoleVisit({ admitted, onSlow() {}, onEnd() {} } as never, wire, {
    ...{ metrics: createMetrics(), onTopology() {}, tokens: {} as never, isPersonOf: async () => false },
  });
  visit.start();
  const node = { id: 'relay:one', kind: 'relay' as const, state: 'up', listeners: 0 };
  let seen = 0;
  let nodes = [node];
  const stop = startBeat((isDue) => {
    seen += 1;
    visit.tellTopology({ nodes, edges: [], as_of: String(seen) }, isDue);
  });
  vi.advanceTimersByTime(120_000);
  expect(told).toEqual(['1', '12', '24']);
  nodes = [{ ...node, listeners: 1 }];
  vi.advanceTimersByTime(10_000);
  expect(told).toEqual(['1', '12', '24', '25']);
  stop();
  vi.advanceTimersByTime(120_000);
  expect(seen).toBe(26);
});
