/** Which of several feeds of one round is asked for all who look on. */
import { describe, expect, test } from 'vitest';
import { createCascade, type Source } from '../../jobs/feeds/cascade.ts';
import { planPolls, type Target } from '../../jobs/feeds/polls.ts';
import { type RoundTold, sameRounds } from '../../jobs/feeds/sameRounds.ts';
import { PINNED_MS } from '../../src/feeds/pace/cascade.ts';

const NOW = 1_800_000_000_000;
const MINUTE_MS = 60_000;

describe('rounds of feeds are the same', () => {
  const told = (feed_id: string, more: Partial<RoundTold> = {}): RoundTold => ({
    ...{ feed_id, institution_id: 'i', round: 1, pairs: ['x', 'y'], times: [NOW, NOW + MINUTE_MS], ...more },
  });
  const areSame = (...rounds: RoundTold[]) => new Set(sameRounds(rounds)).size === 1;

  test('where each of their matches is a match of the others, in any order', () => {
    expect(areSame(told('a'), told('b', { round: 7, pairs: ['y', 'x'], times: [NOW, NOW] }), told('c'))).toBe(true);
  });

  test.each<[string, Partial<RoundTold>]>([
    ['an institution of its own', { institution_id: 'j' }],
    ['a match more', { pairs: ['x', 'y', 'z'], times: [NOW, NOW, NOW] }],
    ['a match less', { pairs: ['x'], times: [NOW] }],
    ['a team by another name', { pairs: ['x', 'z'] }],
    ['a match at quite another time', { times: [NOW, NOW + 92 * MINUTE_MS] }],
  ])('but not with %s', (_, more) => {
    expect(areSame(told('a'), told('b', more))).toBe(false);
  });

  test('but not where nobody can tell which match is which', () => {
    const unnamed = { pairs: ['x', null] };
    expect(areSame(told('a', unnamed), told('b', unnamed))).toBe(false);
    const twice = { pairs: ['x', 'x'] };
    expect(areSame(told('a', twice), told('b', twice))).toBe(false);
  });

  test('but not within one feed: the same teams may meet in two rounds of an evening', () => {
    expect(sameRounds([told('a'), told('a', { round: 2 }), told('b')])).toEqual(['a-1', 'a-2', 'a-1']);
  });

  test('and each goes with those at its time where the same teams meet again', () => {
    const later = { round: 2, times: [NOW + 200 * MINUTE_MS, NOW + 200 * MINUTE_MS] };
    const names = sameRounds([told('a'), told('a', later), told('b'), told('b', later)]);
    expect(names).toEqual(['a-1', 'a-2', 'a-1', 'a-2']);
  });
});

describe('of feeds of the same round', () => {
  const source = (feed_id: string, more: Partial<Source> = {}): Source => ({
    ...{ feed_id, round: 1, phases: ['live'], tiers: [0], subscriptions: 0 },
    ...{ health: 10_000, quota_used: 0, breaker: 'closed', ...more },
  });
  const NAMES = ['one', 'one', 'one'];
  const sharesOf = (targets: readonly Target[]) => targets.map(({ shares }) => shares?.[0]);

  test('one is asked for all boards, and the others as if nobody looked on', () => {
    const sources = [source('a', { subscriptions: 3 }), source('b', { subscriptions: 4 }), source('c')];
    const targets = createCascade().share(sources, NAMES, NOW);
    expect(sharesOf(targets)).toEqual([0, 7, 0]);
    const due = new Map<string, number>();
    const counts = { a: 0, b: 0, c: 0 };
    for (let tick = 0; tick < 120; tick += 1) {
      for (const { feed_id } of planPolls(targets, due, tick, 1_000)) counts[feed_id as 'a'] += 1;
    }
    expect(counts.b).toBeGreaterThan(3 * counts.a);
    expect(counts.a).toBeGreaterThan(4);
    expect(counts.c).toBeGreaterThan(4);
  });

  test('the first of them is asked where all are followed alike, and the next where that one does badly', () => {
    const shared = (...sources: Source[]) => sharesOf(createCascade().share(sources, NAMES, NOW));
    const followed = { subscriptions: 1 };
    expect(shared(source('a', followed), source('b', followed))).toEqual([2, 0]);
    expect(shared(source('a', { ...followed, health: 3_999 }), source('b', followed))).toEqual([0, 2]);
    expect(shared(source('a', { ...followed, breaker: 'open' }), source('b', followed))).toEqual([0, 2]);
  });

  test('the one stays for a minute, unless its breaker opens, and until another leads', () => {
    const cascade = createCascade();
    const [a, b] = [source('a', { subscriptions: 1 }), source('b', { subscriptions: 2 })];
    const shared = (sources: Source[], now: number) => sharesOf(cascade.share(sources, NAMES, now));
    expect(shared([a, b], NOW)).toEqual([0, 3]);
    const now = [a, { ...b, subscriptions: 0 }];
    expect(shared(now, NOW + PINNED_MS - 1)).toEqual([0, 1]);
    expect(shared(now, NOW + PINNED_MS)).toEqual([1, 0]);
    expect(shared([{ ...a, breaker: 'open' }, b], NOW + PINNED_MS + 1)).toEqual([0, 3]);
    cascade.forget();
    expect(shared(now, NOW + PINNED_MS + 2)).toEqual([1, 0]);
  });

  test('what only one of them has is asked of that one, for its own boards', () => {
    const sources = [source('a', { subscriptions: 5 }), source('b', { subscriptions: 1, tiers: [0, 1] })];
    const [a, b] = createCascade().share(sources, NAMES, NOW);
    expect(a!.shares).toEqual({ 0: 6 });
    expect(b!.shares).toEqual({ 0: 0 });
  });

  test('one that is alone, and all where each breaker is open, are asked for their own boards', () => {
    const alone = createCascade().share([source('a'), source('b')], ['one', 'two'], NOW);
    expect(sharesOf(alone)).toEqual([undefined, undefined]);
    const closed = [source('a', { breaker: 'open' }), source('b', { breaker: 'open' })];
    expect(sharesOf(createCascade().share(closed, NAMES, NOW))).toEqual([undefined, undefined]);
  });
});
