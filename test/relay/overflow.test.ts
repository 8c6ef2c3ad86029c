/** A listener that takes less than there is for it, in virtual time: what it misses, what it is told, and when it is ended. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Config } from '../../src/infra/process/config.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { backpressureOf } from '../../src/relay/listeners/backpressure.ts';
import { Overflows } from '../../src/relay/listeners/overflows.ts';
import type { Batch } from '../../src/relay/listeners/prepared.ts';
import type { Visit } from '../../src/relay/listeners/visit.ts';
import type { Json } from '../support/client.ts';
import { admittedTo } from './modelClient.ts';
import { chain, createWorld, metrics, session_id, type World } from './simulation.ts';

const FUTURE = chain(4_000);
const OF_TYPE = (type: string) => (message: Json) => message.type === type;

let world: World;

function start(WS_OVERFLOW_ACTION: Config['WS_OVERFLOW_ACTION'], committed = 20): void {
  const slow = { WS_MAX_QUEUE: 100, WS_OVERFLOW_ACTION };
  world = createWorld({ future: FUTURE, committed, random: () => 0.5, maxReplay: 0, withHeadCheck: true, slow });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  world.end();
  vi.useRealTimers();
});

/** It takes what it is sent for as long as it is told to, and one write more. */
async function join(last_sequence: number) {
  const messages: Json[] = [];
  const closedWith: number[] = [];
  let takes = true;
  const visit: Visit = world.listeners.enter('websocket', admittedTo(session_id, last_sequence), {
    write({ messages: batch }: Batch) {
      messages.push(...batch.map(({ text }) => JSON.parse(text)));
      return takes;
    },
    close: (code) => void closedWith.push(code),
    isOpen: () => closedWith.length === 0,
  });
  await vi.advanceTimersByTimeAsync(4_000);
  const sequences = () => messages.filter(OF_TYPE('EVENT')).map(({ event_sequence }) => event_sequence);
  return {
    ...{ visit, messages, closedWith, sequences },
    stall() {
      takes = false;
    },
    take() {
      takes = true;
      visit.onTaken();
    },
    /** What is under way, and no more of what is written then. */
    takeOne() {
      visit.onTaken();
    },
  };
}

/** So many that the room hears, a few at a time. */
async function commit(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 5) {
    world.append(Math.min(5, left));
    await vi.advanceTimersByTimeAsync(300);
  }
  await vi.advanceTimersByTimeAsync(2_000);
}

const upTo = (to: number, from: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const total = ({ values }: { values: { value: number }[] }) => values.reduce((sum, { value }) => sum + value, 0);

describe('drop_oldest', () => {
  test('tells what is missed when it takes again, and goes on with the newest', async () => {
    start('drop_oldest');
    const dropped = total(await metrics.droppedEvents.get());
    const listener = await join(20);
    listener.stall();
    await commit(150);
    // One write was under way, of one event or of those that were committed with it.
    const last = listener.sequences().at(-1);
    expect(listener.messages.some(OF_TYPE('RESYNC'))).toBe(false);
    listener.take();
    const resync = listener.messages.find(OF_TYPE('RESYNC'))!;
    expect(resync).toEqual({
      ...{ type: 'RESYNC', from: last + 1, to: 70, reason: 'slow' },
      event_hash: FUTURE[69]!.event_hash,
    });
    expect(listener.sequences()).toEqual([...upTo(last, 21), ...upTo(170, 71)]);
    expect(listener.messages.indexOf(resync)).toBe(
      listener.messages.findIndex(({ event_sequence: n }) => n === 71) - 1,
    );
    expect(total(await metrics.droppedEvents.get()) - dropped).toBe(70 - last);
    expect(listener.closedWith).toEqual([]);
  });

  test('drops nothing of a listener that is a hundred behind, and all but that of one a hundred and one', async () => {
    start('drop_oldest');
    const listener = await join(20);
    listener.stall();
    await commit(1);
    await commit(100);
    listener.take();
    expect(listener.sequences()).toEqual(upTo(121, 21));
    listener.stall();
    await commit(1);
    await commit(101);
    listener.take();
    expect(listener.messages.find(OF_TYPE('RESYNC'))).toMatchObject({ from: 123, to: 123 });
    expect(listener.sequences()).toEqual([...upTo(122, 21), ...upTo(223, 124)]);
  });

  test('goes on with the oldest that the room has, where the rest is gone', async () => {
    start('drop_oldest');
    const slow = { WS_MAX_QUEUE: 2_500, WS_OVERFLOW_ACTION: 'drop_oldest' as const };
    world.end();
    world = createWorld({ future: FUTURE, committed: 20, random: () => 0.5, maxReplay: 0, withHeadCheck: true, slow });
    const listener = await join(20);
    listener.stall();
    await commit(1);
    world.append(3_000);
    await vi.advanceTimersByTimeAsync(4_000);
    listener.take();
    const { from, to, event_hash } = listener.messages.find(OF_TYPE('RESYNC'))!;
    expect(from).toBe(22);
    expect(to).toBeGreaterThan(3_021 - 2 * 1_024);
    expect(event_hash).toBe(FUTURE[to - 1]!.event_hash);
    expect(listener.sequences()).toEqual([21, ...upTo(3_021, to + 1)]);
  });

  test('ends with 4408 and a ticket at the third time within a minute', async () => {
    start('drop_oldest');
    const listener = await join(20);
    for (let n = 1; n <= 3; n += 1) {
      listener.stall();
      await commit(110);
      listener.take();
      await vi.advanceTimersByTimeAsync(0);
      expect(listener.closedWith).toEqual(n < 3 ? [] : [4408]);
    }
    expect(listener.messages.at(-1)).toMatchObject({ type: 'DRAIN', resume_ticket: expect.any(String) });
    expect(listener.messages.filter(OF_TYPE('RESYNC'))).toHaveLength(2);
  });

  test('never sends a state from before what was dropped', async () => {
    start('drop_oldest');
    const listener = await join(20);
    listener.stall();
    await commit(1);
    listener.visit.receive({ bytes: 0, isText: true, parse: () => ({ type: 'REQUEST_STATE' }) });
    await commit(150);
    listener.take();
    await vi.advanceTimersByTimeAsync(2_000);
    const state = listener.messages.findIndex(OF_TYPE('SNAPSHOT'));
    const before = listener.messages.slice(0, state).filter(OF_TYPE('EVENT')).at(-1)!;
    expect(listener.messages[state]!.data.head.event_sequence).toBe(before.event_sequence);
    expect(listener.sequences().at(-1)).toBe(171);
  });
});

test('disconnect sends a listener away with a ticket as soon as it is too far behind', async () => {
  start('disconnect');
  const overflows = total(await metrics.overflows.get());
  const listener = await join(20);
  listener.stall();
  await commit(1);
  await commit(100);
  expect(listener.closedWith).toEqual([]);
  await commit(1);
  expect(listener.closedWith).toEqual([4408]);
  expect(listener.messages.at(-1)).toMatchObject({ type: 'DRAIN', resume_ticket: expect.any(String) });
  expect(total(await metrics.overflows.get()) - overflows).toBe(1);
});

describe('catch_up', () => {
  test('drops nothing, and reads what the room does not have any more', async () => {
    start('catch_up');
    const read = total(await metrics.recordEvents.get());
    const overflows = total(await metrics.overflows.get());
    const listener = await join(20);
    listener.stall();
    await commit(1);
    world.append(2_100);
    await vi.advanceTimersByTimeAsync(4_000);
    while (listener.sequences().at(-1)! < 200) {
      listener.takeOne();
      await vi.advanceTimersByTimeAsync(100);
    }
    world.append(1_200);
    await vi.advanceTimersByTimeAsync(4_000);
    while (listener.sequences().at(-1)! < 3_321) {
      listener.take();
      listener.stall();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(listener.sequences()).toEqual(upTo(3_321, 21));
    expect(listener.messages.some(OF_TYPE('RESYNC'))).toBe(false);
    expect(total(await metrics.recordEvents.get())).toBeGreaterThan(read);
    expect(total(await metrics.overflows.get()) - overflows).toBe(1);
    expect(listener.closedWith).toEqual([]);
  });
});

test.each(['drop_oldest', 'disconnect', 'catch_up'] as const)(
  'a listener that has more before it than it may be behind loses none of it, by %s',
  async (action) => {
    start(action, 3_000);
    const kept = total(await metrics.ringEvents.get());
    const late = await join(0);
    expect(total(await metrics.ringEvents.get())).toBeGreaterThan(kept);
    expect(late.sequences()).toEqual(upTo(3_000, 1));
    const level = await join(3_000);
    world.append(400, 'lost');
    await vi.advanceTimersByTimeAsync(4_000);
    for (const { sequences, closedWith, messages } of [late, level]) {
      expect(sequences().at(-1)).toBe(3_400);
      expect(closedWith).toEqual([]);
      expect(messages.some(OF_TYPE('RESYNC'))).toBe(false);
    }
    expect(level.sequences()).toEqual(upTo(3_400, 3_001));
  },
);

test.each(['drop_oldest', 'catch_up'] as const)(
  'by %s a listener that takes nothing for a minute is ended',
  async (action) => {
    start(action);
    const [mute, slow] = [await join(20), await join(20)];
    for (const listener of [mute, slow]) listener.stall();
    await commit(1);
    const inspect = () => {
      for (const { visit } of world.listeners.guests.all()) visit.inspect(performance.now());
    };
    await vi.advanceTimersByTimeAsync(50_000);
    slow.take();
    inspect();
    expect(mute.closedWith).toEqual([]);
    await vi.advanceTimersByTimeAsync(15_000);
    inspect();
    await vi.advanceTimersByTimeAsync(0);
    expect(mute.closedWith).toEqual([4408]);
    expect(mute.messages.at(-1)).toMatchObject({ type: 'DRAIN' });
    expect(slow.closedWith).toEqual([]);
  },
);

test('backpressure counts what waits for those that take nothing', async () => {
  start('catch_up');
  const [one, other] = [await join(20), await join(20)];
  await join(20);
  one.stall();
  await commit(1);
  other.stall();
  await commit(10);
  const pong = { bytes: 0, isText: true, parse: () => ({ type: 'PING' }) };
  one.visit.receive(pong);
  await vi.advanceTimersByTimeAsync(0);
  const behind = 31 - other.sequences().at(-1);
  expect(backpressureOf(world.listeners.guests.all(), 7)).toEqual({
    ...{ total_overflows: 7, active_queues: 2 },
    ...{ total_queued_messages: 11 + behind, max_queue_size: 11 },
  });
});

test('a listener that is given many at once, and then takes too little of what comes, is too slow', async () => {
  start('drop_oldest');
  const listener = await join(20);
  listener.stall();
  world.append(150);
  await vi.advanceTimersByTimeAsync(4_000);
  await commit(300);
  listener.take();
  expect(listener.messages.find(OF_TYPE('RESYNC'))).toMatchObject({ from: 37, to: 370 });
  expect(listener.sequences()).toEqual([...upTo(36, 21), ...upTo(470, 371)]);
});

test('a listener that is replayed more than a hundred events misses none of the fewer that came meanwhile', async () => {
  start('drop_oldest', 1_000);
  const listener = await join(1_000);
  listener.stall();
  world.append(600);
  await vi.advanceTimersByTimeAsync(4_000);
  await commit(200);
  while (listener.sequences().at(-1)! < 1_800) listener.takeOne();
  expect(listener.messages.some(OF_TYPE('RESYNC'))).toBe(false);
  expect(listener.sequences()).toEqual(upTo(1_800, 1_001));
});

test('three overflows within a minute are too many, three in a longer time are not', () => {
  const overflows = new Overflows({ max: 1, action: 'drop_oldest' }, createMetrics());
  const decided = [0, 30_000, 60_001, 89_999, 200_000].map((at) => overflows.decide(at));
  expect(decided).toEqual(['drop_oldest', 'drop_oldest', 'drop_oldest', 'disconnect', 'drop_oldest']);
});
