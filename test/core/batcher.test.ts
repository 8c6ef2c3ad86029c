/** The batcher against a model: whatever arrives when, and whatever fails, each item is settled once and in order. */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { apart, createBatcher, LaneFull } from '../../src/core/batcher.ts';

class Shared extends Error {}

interface Plan {
  max: number;
  /** What is pushed, and how many turns of the event loop pass before it. */
  items: { value: number; isFaulty: boolean; turnsBefore: number }[];
  /** Turns that each batch takes. */
  turns: number;
  /** Batches, counted from 0, that fail as a whole. */
  lost: number[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  max: fc.integer({ min: 1, max: 8 }),
  items: fc
    .array(fc.record({ isFaulty: fc.boolean(), turnsBefore: fc.integer({ min: 0, max: 3 }) }), { maxLength: 40 })
    .map((items) => items.map((item, value) => ({ ...item, value }))),
  turns: fc.integer({ min: 0, max: 3 }),
  lost: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 3 }),
});

async function play({ max, items, turns, lost }: Plan) {
  const batches: number[][] = [];
  const applied: number[] = [];
  const lostItems = new Set<number>();
  let underWay = 0;
  const run = async (values: number[]): Promise<string[]> => {
    expect(++underWay).toBe(1);
    const n = batches.push(values) - 1;
    for (let i = 0; i < turns; i++) await turn();
    underWay -= 1;
    if (lost.includes(n)) {
      for (const value of values) lostItems.add(value);
      throw new Shared('the connection is lost');
    }
    const faulty = values.filter((value) => items[value]!.isFaulty);
    if (faulty.length > 0) throw new Error(`${faulty} cannot be stored`);
    applied.push(...values);
    return values.map((value) => `done ${value}`);
  };
  const batcher = createBatcher(max, run, (fault) => fault instanceof Shared);
  const settled: { value: number; how: string }[] = [];
  const pushed: Promise<unknown>[] = [];
  for (const { value, turnsBefore } of items) {
    for (let i = 0; i < turnsBefore; i++) await turn();
    const note = (how: string) => settled.push({ value, how });
    pushed.push(batcher.push(value).then(note, (error: Error) => note(error.message)));
  }
  await batcher.idle();
  await Promise.all(pushed);
  return { batches, applied, settled, lostItems };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('each item is settled once, with its own result or fault, and a faulty one alone is rejected', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (asked) => {
      const { settled, lostItems } = await play(asked);
      const expected = asked.items.map(({ value, isFaulty }) => {
        const fate = isFaulty ? `${value} cannot be stored` : `done ${value}`;
        return { value, how: lostItems.has(value) ? 'the connection is lost' : fate };
      });
      expect([...settled].sort((a, b) => a.value - b.value)).toEqual(expected);
    }),
  );
});

test('order is kept, and no batch is larger than allowed or empty', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (asked) => {
      const { batches, applied } = await play(asked);
      expect(applied).toEqual([...applied].sort((a, b) => a - b));
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(asked.max);
        expect(batch).toEqual([...batch].sort((a, b) => a - b));
      }
    }),
  );
});

test('what arrives while a batch is under way goes together in the next', async () => {
  const batches: number[][] = [];
  let release: () => void = () => {};
  const batcher = createBatcher<number, number>(
    100,
    async (values) => {
      batches.push(values);
      if (batches.length === 1) await new Promise<void>((resolve) => (release = resolve));
      return values;
    },
    () => true,
  );
  const first = batcher.push(0);
  await turn();
  const rest = [1, 2, 3].map((value) => batcher.push(value));
  release();
  expect(await Promise.all([first, ...rest])).toEqual([0, 1, 2, 3]);
  expect(batches).toEqual([[0], [1, 2, 3]]);
});

test('a batcher is idle at once when nothing was pushed, and otherwise when all that was pushed has run', async () => {
  const releases: (() => void)[] = [];
  const batcher = createBatcher<number, number>(
    1,
    async (values) => {
      await new Promise<void>((resolve) => releases.push(resolve));
      return values;
    },
    () => true,
  );
  const isIdle = () => Promise.race([batcher.idle().then(() => true), turn().then(() => false)]);
  expect(await isIdle()).toBe(true);
  const pushed = [batcher.push(1), batcher.push(2)];
  for (const one of pushed) {
    await expect.poll(() => releases.length).toBe(1);
    expect(await isIdle()).toBe(false);
    releases.pop()!();
    await one;
  }
  await batcher.idle();
  expect(await isIdle()).toBe(true);
});

test('a batcher takes so many and so much at most, and gives them in batches that weigh no more than one may', async () => {
  const batches: number[][] = [];
  const bounds = { weigh: (value: number) => value, batch_weight: 10, waiting_weight: 40, waiting: 6 };
  const run = async (values: number[]) => {
    batches.push(values);
    return values;
  };
  const batcher = createBatcher<number, number>(3, run, () => true, setImmediate, bounds);
  const pushed = [4, 4, 4, 25, 1, 1, 1].map((value) => batcher.push(value));
  const settled = await Promise.allSettled(pushed);
  expect(settled.map(({ status }) => status === 'fulfilled')).toEqual([true, true, true, true, true, true, false]);
  expect(settled.at(-1)).toMatchObject({ reason: expect.any(LaneFull) });
  expect(batches).toEqual([[4, 4], [4], [25], [1, 1]]);
  await expect(batcher.push(41)).rejects.toBeInstanceOf(LaneFull);
  expect(await Promise.all([batcher.push(40), batcher.push(0)])).toEqual([40, 0]);
});

test('batches apart from each other: one that comes alone waits for nothing, and a crowd is a few of them', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
  try {
    const batches: number[][] = [];
    const run = async (values: number[]) => {
      batches.push(values);
      return values;
    };
    const batcher = createBatcher<number, number>(1_000, run, () => true, apart(50));
    const alone = batcher.push(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual([[0]]);
    expect(await alone).toBe(0);
    const crowd: Promise<number>[] = [];
    for (let n = 1; n <= 100; n += 1) {
      crowd.push(batcher.push(n));
      await vi.advanceTimersByTimeAsync(1);
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(await Promise.all(crowd)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(batches.length).toBeLessThan(6);
    expect(batches.flat()).toHaveLength(101);
    const later = batcher.push(101);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches.at(-1)).toEqual([101]);
    expect(await later).toBe(101);
  } finally {
    vi.useRealTimers();
  }
});
