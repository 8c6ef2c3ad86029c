/**
 * Rooms and joins against a model of the world in virtual time. The one promise: whoever listens gets exactly the
 * events of the record, once and in order, and ends at its head, whatever is lost on the way.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ExportedEvent } from '../../src/core/definitions/event.ts';
import { CLOSE } from '../../src/relay/listeners/messages.ts';
import { isEverything } from '../support/everything.ts';
import type { Mutant } from './modelClient.ts';
import { chain, createWorld, headOf, metrics, type World, type WorldOptions } from './simulation.ts';

const FUTURE = chain(2_700);
const SIZES = [1, 7, 600, 1_500, 2_400];
/** In which a planted fault is found, and in which none may be. */
const RUNS = 400;
const STORIES = isEverything ? RUNS : 60;
const DELIVERED_WITHIN_MS = 1_500;
const ALL_IS_QUIET_MS = 20_000;

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('join' as const),
      behind: fc.oneof(fc.constant(null), fc.integer({ min: -3, max: 20 }), fc.constantFrom(700, 1_600, 9_999)),
      isSlow: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('request' as const), who: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 1_500 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('loseBroadcast' as const), ms: fc.nat({ max: 4_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('loseDatabase' as const), ms: fc.nat({ max: 2_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forge' as const), how: fc.nat({ max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const story = fc.record({
  seed: fc.integer(),
  committed: fc.constantFrom(...SIZES),
  maxReplay: fc.constantFrom(0, 100, 10_000),
  maxQueue: fc.constantFrom(0, 1, 8, 100),
  action: fc.constantFrom('drop_oldest' as const, 'disconnect' as const, 'catch_up' as const),
  steps: fc.array(step, { minLength: 4, maxLength: 24 }),
});
type Story = typeof story extends fc.Arbitrary<infer S> ? S : never;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('a room and its listeners', () => {
  test('deliver every event once and in order, up to the head, whatever is lost on the way', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        expect(await play(told)).toEqual([]);
      }),
      { numRuns: STORIES },
    );
  });

  test('keep a ticket that was told where another comes too late to be told', async () => {
    const join = (behind: number | null) => ({ do: 'join', behind, isSlow: false }) as const;
    const [request, append] = [{ do: 'request', who: 0 } as const, { do: 'append', count: 1 } as const];
    const told = {
      ...({ seed: -22, committed: 2_400, maxReplay: 0, maxQueue: 0, action: 'drop_oldest' } as const),
      steps: [
        ...[join(700), join(9_999), { do: 'drain' } as const, request, append, { do: 'loseDatabase', ms: 9 } as const],
        ...[request, append, append, join(null), join(0)],
      ],
    };
    expect(await play(told)).toEqual([]);
  });

  test('stop short of the head, and this test notices, when nobody checks the heads', async () => {
    const found: string[] = [];
    const mutant = fc.asyncProperty(story, async (told) => {
      found.push(...(await play(told, { withHeadCheck: false })));
    });
    await fc.assert(mutant, { numRuns: STORIES, seed: 1 });
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((fault) => !fault.startsWith('ends at'))).toEqual([]);
  });

  test.each([
    ['swallows RESYNC', /after/],
    ['says RESYNC of too few', /hash of another/],
    ['never takes again', /ends at/],
    ['is left after one batch', /ends at/],
  ] as const)('are found out when a wire %s', async (mutant, fault) => {
    await expectFound(fault, (one) => play({ ...one, maxQueue: 1, action: 'drop_oldest' }, { mutant }));
  });

  test.each([
    ['comes back ahead of its place', /after/],
    ['comes back with an older ticket', /^ticket/],
    ['stays away', /ends at/],
  ] as const)('are found out when a client that was sent away %s', async (mutant, fault) => {
    await expectFound(fault, (one) => {
      const steps = [...one.steps, { do: 'drain' as const }, { do: 'append' as const, count: 3 }];
      return play({ ...one, action: 'catch_up', steps }, { mutant });
    });
  });

  /** In one of the stories; those after it are not played. */
  async function expectFound(fault: RegExp, tell: (one: Story) => Promise<string[]>): Promise<void> {
    const told = fc.asyncProperty(story, async (one) => !(await tell(one)).some((each) => fault.test(each)));
    const { failed } = await fc.check(told, { numRuns: RUNS, seed: 1, endOnFailure: true });
    expect(failed).toBe(true);
  }
});

test('an event that was not heard is read as soon as a later one shows the gap', async () => {
  const world = createWorld(quietly({ committed: 20 }));
  const client = world.join(20);
  await vi.advanceTimersByTimeAsync(4_000);
  world.append(1, 'lost');
  world.append(1);
  await vi.advanceTimersByTimeAsync(60);
  expect(client.place()).toBe(22);
  world.end();
});

describe('what a room reads instead of hearing it is counted by why:', () => {
  const CAUSES = ['prime', 'gap', 'tail'] as const;
  const counted = async () => {
    const { values } = await metrics.heals.get();
    return CAUSES.map((cause) => values.find(({ labels }) => labels.cause === cause)?.value ?? 0);
  };

  test.each([
    ['when it begins', [20, 0, 0], () => {}],
    [
      'when a later one shows the gap',
      [20, 2, 0],
      (world: World) => {
        world.append(1, 'lost');
        world.append(1);
      },
    ],
    ['when the last one was lost', [20, 0, 1], (world: World) => world.append(1, 'lost')],
  ])('%s', async (_, expected, happen) => {
    const before = await counted();
    const world = createWorld(quietly({ committed: 20 }));
    world.join(20);
    await vi.advanceTimersByTimeAsync(4_000);
    happen(world);
    await vi.advanceTimersByTimeAsync(4_000);
    const after = await counted();
    expect(after.map((count, i) => count - before[i]!)).toEqual(expected);
    world.end();
  });
});

test('listeners who were told what the record has lost are sent away, and told so when they come back', async () => {
  const world = createWorld(quietly({ committed: 20 }));
  const client = world.join(20);
  await vi.advanceTimersByTimeAsync(4_000);
  world.loseEvents(2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(client.closedWith).toEqual([CLOSE.draining]);
  expect(client.messages.find(({ type }) => type === 'RESYNC')).toMatchObject({ reason: 'position_ahead', from: 19 });
  expect(client.place()).toBe(18);
  world.end();
});

test('a crowd that comes within a second costs a few reads for all of it', async () => {
  const world = createWorld(quietly({ committed: 20 }));
  for (let n = 0; n < 500; n += 1) {
    world.join(20);
    await vi.advanceTimersByTimeAsync(2);
  }
  await vi.advanceTimersByTimeAsync(4_000);
  expect(faultsOf(world)).toEqual([]);
  // Twenty a second for their heads, and a few of the room and the head check: else there is one for every two of them.
  expect(world.reads()).toBeLessThan(50);
  world.end();
});

describe('a forged announcement', () => {
  const deceit = 'is never delivered when it';
  test.each([
    [`${deceit} is not JSON`, 0],
    [`${deceit} has a changed payload`, 1],
    [`${deceit} does not link`, 2],
    [`${deceit} lies far ahead`, 3],
    [`${deceit} is of another session`, 4],
  ])('%s', async (_name, how) => {
    const world = createWorld(quietly({ committed: 20 }));
    const client = world.join(20);
    await vi.advanceTimersByTimeAsync(4_000);
    forge(world, how);
    const reads = world.reads();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(world.reads() - reads).toBeLessThan(8);
    world.append(3);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(faultsOf(world)).toEqual([]);
    expect(client.closedWith).toEqual([]);
    world.end();
  });

  test('that links is found out by the next event, and all are sent away to come back', async () => {
    // A check of the heads would find it out as well, and sometimes sooner.
    const world = createWorld({ ...quietly({ committed: 20 }), withHeadCheck: false });
    const client = world.join(20);
    await vi.advanceTimersByTimeAsync(4_000);
    const [forged] = chain(1, headOf(FUTURE[19]!));
    world.announce(JSON.stringify([forged]), 0);
    await vi.advanceTimersByTimeAsync(100);
    expect(client.hashes.get(21)).toBe(forged!.event_hash);
    world.append(2);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(client.closedWith).toEqual([CLOSE.draining]);
    expect(client.place()).toBe(22);
    expect(client.hashes.get(22)).toBe(FUTURE[21]!.event_hash);
    world.end();
  });
});

interface Change {
  withHeadCheck?: boolean;
  mutant?: Mutant;
}

/** @returns everything that was wrong */
async function play(told: Story, { withHeadCheck = true, mutant }: Change = {}): Promise<string[]> {
  const { seed, committed, maxReplay, maxQueue, action, steps } = told;
  const random = seeded(seed);
  vi.spyOn(Math, 'random').mockImplementation(random);
  const slow = { WS_MAX_QUEUE: maxQueue, WS_OVERFLOW_ACTION: action };
  const world = createWorld({ future: FUTURE, committed, random, maxReplay, withHeadCheck, mutant, slow });
  for (const one of steps) {
    take(world, one);
    await vi.advanceTimersByTimeAsync(one.do === 'wait' ? one.ms : random() < 0.5 ? 0 : random() * 60);
  }
  await vi.advanceTimersByTimeAsync(ALL_IS_QUIET_MS);
  const faults = faultsOf(world);
  const isOnTime = withHeadCheck && !steps.some((one) => one.do === 'loseDatabase');
  for (const client of world.clients) {
    if (isOnTime && !client.isSlow && client.slowest_ms() > DELIVERED_WITHIN_MS) {
      faults.push(`an event took ${client.slowest_ms()} ms`);
    }
  }
  world.end();
  vi.clearAllTimers();
  return faults;
}

function take(world: World, one: Step): void {
  const { clients } = world;
  if (one.do === 'append') world.append(one.count);
  if (one.do === 'join') {
    world.join(one.behind === null ? undefined : Math.max(0, world.committed() - one.behind), one.isSlow);
  }
  if (one.do === 'leave' && clients.length > 0) clients[one.who % clients.length]!.leave();
  if (one.do === 'request' && clients.length > 0) clients[one.who % clients.length]!.say({ type: 'REQUEST_STATE' });
  if (one.do === 'loseBroadcast') world.loseBroadcast(one.ms);
  if (one.do === 'loseDatabase') world.loseDatabase(one.ms);
  if (one.do === 'drain') world.drain();
  if (one.do === 'forge') forge(world, one.how);
}

function forge(world: World, how: number): void {
  const committed = world.committed();
  const next = FUTURE[committed]!;
  const forgeries: (() => string)[] = [
    () => '{"not":',
    () => JSON.stringify([{ ...next, payload: { text: 'something else' } }]),
    () => JSON.stringify(chain(1, { ...headOf(FUTURE[committed - 1]!), event_hash: 'ab'.repeat(32) })),
    () => JSON.stringify(chain(1, { ...headOf(next), sequence: 1_000_000 })),
    () => JSON.stringify([{ ...next, stream: 'session:018f3c1e-7b2a-7c11-9d0e-000000000000' }]),
  ];
  world.announce(forgeries[how]!(), 0);
}

function faultsOf(world: World): string[] {
  const faults: string[] = [];
  for (const client of world.clients) {
    faults.push(...client.faults);
    if (!client.hasLeft() && client.place() !== world.committed()) {
      faults.push(`ends at ${client.place()} of ${world.committed()}`);
    }
    for (const [sequence, hash] of client.hashes) {
      if (hash !== (FUTURE[sequence - 1] as ExportedEvent).event_hash)
        faults.push(`event ${sequence} is not the record's`);
    }
  }
  return faults;
}

function quietly({ committed }: { committed: number }): WorldOptions {
  return { future: FUTURE, committed, random: () => 0.5, maxReplay: 0, withHeadCheck: true };
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
