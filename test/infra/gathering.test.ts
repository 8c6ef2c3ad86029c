/** What is gathered is stored together, and what could not be stored waits within bounds, the older before the newer. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type GatheringOptions, gather } from '../../src/infra/gathering.ts';

const PATIENCE = { timeout: 20_000, interval: 5 };

function open(options: Partial<GatheringOptions<number>> = {}) {
  const [portions, dropped]: [[string, number][][], number[]] = [[], []];
  const state = { isAway: false, failures: 0 };
  const gathering = gather<number>({
    ...{ most: 3, drops: 'oldest', at_once: 2, again_ms: 5, last_ms: 20_000 },
    joined: (older, newer) => older + newer,
    store: async (portion) => {
      if (state.isAway) throw new Error('away');
      portions.push(portion);
    },
    failed: () => {
      state.failures += 1;
    },
    dropped: (item) => void dropped.push(item),
    ...options,
  });
  return { ...gathering, portions, dropped, state };
}

test('what has the same key is joined, and all is stored in portions', async () => {
  const { add, close, portions } = open();
  for (const [key, item] of [
    ['a', 1],
    ['b', 2],
    ['a', 10],
    ['c', 3],
  ] as const)
    add(key, item);
  await close();
  expect(portions).toEqual([
    [
      ['a', 11],
      ['b', 2],
    ],
    [['c', 3]],
  ]);
});

test.each([
  ['oldest', [1], ['b', 'c', 'd']],
  ['newest', [4], ['a', 'b', 'c']],
] as const)('of what is too much the %s goes', async (drops, gone, kept) => {
  const { add, close, portions, dropped } = open({ drops });
  for (const [i, key] of ['a', 'b', 'c', 'd'].entries()) add(key, i + 1);
  await close();
  expect(dropped).toEqual(gone);
  expect(portions.flat().map(([key]) => key)).toEqual(kept);
});

test.each([
  ['oldest', ['b', 'c', 'd']],
  ['newest', ['a', 'b', 'c']],
] as const)('what could not be stored is older than what came since, where the %s goes', async (drops, kept) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const stored: string[] = [];
  let isAway = true;
  const { add, later, close } = open({
    ...{ drops, at_once: 3 },
    async store(portion) {
      await held;
      if (isAway) throw new Error('away');
      stored.push(...portion.map(([key]) => key));
    },
    failed() {
      isAway = false;
    },
  });
  for (const key of ['a', 'b']) add(key, 1);
  later(0);
  await expect
    .poll(() => {
      add('c', 1);
      add('d', 1);
      release();
      return isAway;
    }, PATIENCE)
    .toBe(false);
  await close();
  expect(stored).toEqual(kept);
});

test('it is tried again until it is stored, and what comes meanwhile goes with it', async () => {
  const { add, later, close, portions, state } = open();
  state.isAway = true;
  add('a', 1);
  later(0);
  await expect.poll(() => state.failures, PATIENCE).toBeGreaterThan(1);
  add('a', 10);
  state.isAway = false;
  await expect.poll(() => portions, PATIENCE).toEqual([[['a', 11]]]);
  await close();
  expect(portions).toHaveLength(1);
});

test('what is not due waits, but not for the last round', async () => {
  const { add, later, close, portions } = open({ isDue: (item) => item > 1 });
  add('a', 1);
  add('b', 2);
  later(0);
  await expect.poll(() => portions, PATIENCE).toEqual([[['b', 2]]]);
  await close();
  expect(portions).toEqual([[['b', 2]], [['a', 1]]]);
});

test('a stop does not wait for ever', async () => {
  const { add, close } = open({ last_ms: 20, store: () => new Promise(() => {}) });
  add('a', 1);
  await close();
});

describe('by the clock', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A first item is being stored: each portion is under way until it is ended. */
  async function openSlowly() {
    const ends: ((fault?: Error) => void)[] = [];
    const store = () =>
      new Promise<void>((resolve, reject) => {
        ends.push((fault) => (fault ? reject(fault) : resolve()));
      });
    const { add, later } = open({ again_ms: 2_000, store });
    const note = (key: string) => {
      add(key, 1);
      later(250);
    };
    const begunAfter = async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms);
      return ends.length;
    };
    note('a');
    expect(await begunAfter(250)).toBe(1);
    return { note, begunAfter, ends };
  }

  test('where some came while others were stored the next wait no longer than they are to', async () => {
    const { note, begunAfter, ends } = await openSlowly();
    note('b');
    ends[0]!();
    expect(await begunAfter(0)).toBe(2);
    ends[1]!();
    await begunAfter(0);
    note('c');
    expect(await begunAfter(249)).toBe(2);
    expect(await begunAfter(1)).toBe(3);
  });

  test('after a failure it is not tried again sooner, whatever came meanwhile', async () => {
    const { note, begunAfter, ends } = await openSlowly();
    note('b');
    ends[0]!(new Error('away'));
    await begunAfter(0);
    note('c');
    expect(await begunAfter(1_999)).toBe(1);
    expect(await begunAfter(1)).toBe(2);
  });
});
