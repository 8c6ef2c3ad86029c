/**
 * Boards against a model of the world in virtual time. The one promise: whatever is lost on the way, what a board was told
 * leads to how the match was at that version, each change once and in order, and it ends with the match as it is.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { FeedDelivery, MOST_WAITING } from '../../src/relay/feeds/feedDelivery.ts';
import { BEATS, Heartbeat } from '../../src/relay/feeds/heartbeat.ts';
import { createTierView } from '../../src/relay/feeds/tierView.ts';
import type { Batch } from '../../src/relay/listeners/prepared.ts';
import { isEverything } from '../support/everything.ts';
import { createFeedWorld, type Mutant, match_id } from '../support/feedWorld.ts';

const RUNS = isEverything ? 400 : 60;
const ALL_IS_QUIET_MS = 30_000;

const tier = fc.constantFrom(0 as const, 1 as const);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('change' as const), tier, times: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('burst' as const), tier, times: fc.constantFrom(70, 140) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('join' as const), isSlow: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('ask' as const), who: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 1_500 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('loseDatabase' as const), ms: fc.nat({ max: 2_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('forge' as const), text: fc.constantFrom('{', '{"version":1e9}') }),
  },
);
const story = fc.record({ seed: fc.integer(), steps: fc.array(step, { minLength: 4, maxLength: 24 }) });
type Story = typeof story extends fc.Arbitrary<infer S> ? S : never;

describe('boards of a match', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('are told each change once and in order, whatever is lost on the way, and end with the match as it is', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        expect(await play(told)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test.each([
    ['is not watched', /ends with/],
    ['drops deltas', /leads to|ends with/],
    ['repeats deltas', /came after/],
  ] as const)('are found out where the relay %s', async (mutant, fault) => {
    const property = fc.asyncProperty(
      story,
      async (told) => !(await play(told, mutant)).some((one) => fault.test(one)),
    );
    expect((await fc.check(property, { numRuns: 200, seed: 1, endOnFailure: true })).failed).toBe(true);
  });
});

/** @returns everything that was wrong */
async function play({ seed, steps }: Story, mutant?: Mutant): Promise<string[]> {
  const random = seeded(seed);
  const world = createFeedWorld(random, mutant);
  for (const one of steps) {
    const some = 'who' in one ? world.clients[one.who % Math.max(1, world.clients.length)] : undefined;
    if (one.do === 'change' || one.do === 'burst') for (let n = 0; n < one.times; n += 1) world.change(one.tier);
    if (one.do === 'join') world.join(one.isSlow);
    if (one.do === 'ask' && some && !some.hasLeft()) (some as ReturnType<typeof world.join>).ask();
    if (one.do === 'leave') (some as ReturnType<typeof world.join> | undefined)?.leave();
    if (one.do === 'loseDatabase') world.loseDatabase(one.ms);
    if (one.do === 'forge') world.announce(0, one.text, 1);
    await vi.advanceTimersByTimeAsync(one.do === 'wait' ? one.ms : random() < 0.5 ? 0 : random() * 60);
  }
  await vi.advanceTimersByTimeAsync(ALL_IS_QUIET_MS);
  // One whose match could not be read was told so, and asks again.
  for (const client of world.clients) {
    const { messages, ask, hasLeft } = client as ReturnType<typeof world.join>;
    if (!hasLeft() && messages.some(({ code }) => code === 'unavailable')) ask();
  }
  await vi.advanceTimersByTimeAsync(ALL_IS_QUIET_MS);
  const faults = world.faults();
  world.end();
  vi.clearAllTimers();
  return faults;
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

describe('a connection that takes nothing', () => {
  function stalled() {
    const written: string[] = [];
    let takes = false;
    let tooSlow = 0;
    const outlet = {
      isOpen: () => true,
      takes: () => takes,
      write: ({ messages }: Batch) => void written.push(...messages.map(({ text }) => text)),
    };
    const delivery = new FeedDelivery(outlet as never, createMetrics(), () => {
      tooSlow += 1;
    });
    const followed = (name: string) => ({ first: () => [{ type: 'snapshot', text: `${name} as it is` }] });
    const tell = (of: ReturnType<typeof followed>, times: number, name = 'delta') => {
      for (let n = 1; n <= times; n += 1) delivery.tell(of, { messages: [{ type: 'delta', text: `${name} ${n}` }] });
    };
    const read = () => {
      takes = true;
      delivery.onFree();
      takes = false;
      return written.splice(0);
    };
    return { delivery, followed, tell, read, tooSlow: () => tooSlow };
  }

  test('is told up to 64 changes when it takes again, in order (P1-1)', () => {
    const { delivery, followed, tell, read } = stalled();
    const one = followed('one');
    delivery.begin(one);
    expect(read()).toEqual(['one as it is']);
    tell(one, MOST_WAITING);
    expect(delivery.waiting()).toBe(64);
    expect(read()).toEqual(Array.from({ length: 64 }, (_, n) => `delta ${n + 1}`));
  });

  test('is given a fresh snapshot in the place of more, of each match that lacks one, and goes on from there', () => {
    const { delivery, followed, tell, read, tooSlow } = stalled();
    const [one, other, quiet] = [followed('one'), followed('other'), followed('quiet')];
    for (const each of [one, other, quiet]) delivery.begin(each);
    read();
    tell(one, 40);
    tell(other, 25);
    expect(delivery.waiting()).toBe(2);
    tell(quiet, 1, 'quiet');
    expect(read()).toEqual(['one as it is', 'other as it is', 'quiet 1']);
    tell(one, 2);
    expect(read()).toEqual(['delta 1', 'delta 2']);
    expect(tooSlow()).toBe(0);
  });

  test('is too slow the third time within a minute', () => {
    const { delivery, followed, tell, tooSlow } = stalled();
    const one = followed('one');
    delivery.begin(one);
    tell(one, 2 * (MOST_WAITING + 1));
    expect(tooSlow()).toBe(0);
    tell(one, MOST_WAITING + 1);
    expect(tooSlow()).toBe(1);
  });

  test('is told nothing of a match that it let go', () => {
    const { delivery, followed, tell, read } = stalled();
    const [one, other] = [followed('one'), followed('other')];
    for (const each of [one, other]) delivery.begin(each);
    read();
    tell(one, 3);
    delivery.end(one);
    delivery.begin(other);
    delivery.end(other);
    expect(read()).toEqual([]);
  });
});

describe('a heartbeat', () => {
  const { every_ms, answer_ms } = BEATS;

  test('asks every thirty seconds, and ends one that says nothing for ten', () => {
    expect(BEATS).toEqual({ every_ms: 30_000, answer_ms: 10_000 });
    const beat = new Heartbeat(BEATS, 0, 1);
    expect(beat.check(every_ms - 1)).toBeUndefined();
    expect(beat.check(every_ms)).toBe('ask');
    beat.ask(every_ms);
    expect(beat.check(every_ms + answer_ms - 1)).toBeUndefined();
    expect(beat.check(every_ms + answer_ms)).toBe('end');
  });

  test('takes any word for an answer, and ends nobody whom the question has not reached', () => {
    const beat = new Heartbeat(BEATS, 0, 1);
    expect(beat.check(every_ms)).toBe('ask');
    expect(beat.check(every_ms + answer_ms)).toBeUndefined();
    beat.ask(every_ms + answer_ms);
    beat.hear();
    expect(beat.check(every_ms + 3 * answer_ms - 1)).toBeUndefined();
    expect(beat.check(2 * every_ms)).toBe('ask');
  });
});

describe('a tier of a match', () => {
  const heard = (version: number, more: object = {}) => ({
    ...{ version, seq: 0, changed: { phase: 'break' }, state: { phase: 'break', title: 'A v. B' }, events: [] },
    ...more,
  });
  const texts = (told: unknown) => (told as Batch).messages.map(({ text }) => JSON.parse(text));

  test('is told as a delta only where that leads to how it is', () => {
    const view = createTierView(match_id, 0);
    expect([view.isKnown(), view.version()]).toEqual([false, 0]);
    view.adopt({ version: 4, seq: 0, state: { phase: 'live', title: 'A v. B' }, events: [] });
    expect(view.take(heard(4))).toBe('old');
    expect(texts(view.take(heard(6)))).toMatchObject([{ type: 'delta', version: 6, changed: { phase: 'break' } }]);
    expect(view.take(heard(7, { changed: {}, state: { phase: 'live' } }))).toBe('jump');
    expect(texts({ messages: view.first() })).toMatchObject([
      { type: 'snapshot', version: 7, state: { phase: 'live' } },
    ]);
  });

  test('of events is told those that are new or changed, and waits where one is missing', () => {
    const view = createTierView(match_id, 1);
    const [first, second] = [
      { seq: 1, n: 1 },
      { seq: 2, n: 2 },
    ];
    view.adopt({ version: 1, seq: 1, state: {}, events: [first] });
    const told = (version: number, seq: number, events: object[]) =>
      view.take(heard(version, { seq, changed: {}, state: {}, events }));
    expect(told(3, 3, [{ seq: 3 }])).toBe('gap');
    const changed = { ...first, superseded: true };
    expect(texts(told(4, 2, [first, changed, second]))).toMatchObject([
      { type: 'events_batch', events: [changed, second] },
      { type: 'delta', version: 4, seq: 2 },
    ]);
    expect(texts({ messages: view.first() })[1].events).toEqual([changed, second]);
    expect(view.adopt({ version: 5, seq: 2, state: {}, events: [changed, second] })).toBe(false);
    expect(view.adopt({ version: 6, seq: 2, state: {}, events: [second] })).toBe(true);
  });
});
