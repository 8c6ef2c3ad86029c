/** The ring: contiguous and linked, bounded, and honest about what it does not hold. */
import { expect, test } from 'vitest';
import { GENESIS_HASH } from '../../src/core/chain/chain.ts';
import { batchEvents, bytesOf, prepareEvent } from '../../src/relay/listeners/prepared.ts';
import { createRecentEvents } from '../../src/relay/rooms/recentEvents.ts';
import { chain } from './simulation.ts';

const events = chain(40);
const EIGHT = { events: 8, size: Number.POSITIVE_INFINITY };

test('keeps at least its capacity, less than twice that, and the latest', () => {
  const ring = createRecentEvents(EIGHT, []);
  for (const event of events) {
    expect(ring.append(event)).toBe(true);
    const { event_sequence } = ring.head();
    for (let back = 0; back < Math.min(8, event_sequence); back++) {
      const { text } = ring.at(event_sequence - back)!;
      expect(JSON.parse(text)).toEqual({ type: 'EVENT', ...events[event_sequence - back - 1] });
    }
    expect(ring.at(event_sequence + 1)).toBeUndefined();
    expect(ring.at(event_sequence - 16)).toBeUndefined();
  }
});

test('takes nothing but what follows its head and names its hash', () => {
  const ring = createRecentEvents(EIGHT, events.slice(0, 5));
  expect(ring.append(events[4]!)).toBe(false);
  expect(ring.append(events[6]!)).toBe(false);
  expect(ring.append({ ...events[5]!, previous_hash: GENESIS_HASH })).toBe(false);
  expect(ring.head()).toEqual({ event_sequence: 5, event_hash: events[4]!.event_hash });
  expect(ring.append(events[5]!)).toBe(true);
});

test('begins after the last break of the events it is given', () => {
  const ring = createRecentEvents(EIGHT, [...events.slice(0, 5), ...events.slice(7, 10)]);
  expect(ring.head().event_sequence).toBe(10);
  expect(ring.at(8)?.event_sequence).toBe(8);
  expect(ring.at(7)).toBeUndefined();
  expect(ring.at(5)).toBeUndefined();
});

test('keeps as many characters as it may, never twice as many, and the last event however large it is', () => {
  const size = 3 * JSON.stringify({ type: 'EVENT', ...events[0] }).length;
  const ring = createRecentEvents({ events: 1_000, size }, events);
  const kept = events.map(({ event_sequence }) => ring.at(event_sequence)).filter((event) => event !== undefined);
  expect(kept.at(-1)?.event_sequence).toBe(40);
  const held = kept.reduce((sum, { text }) => sum + text.length, 0);
  expect(held).toBeGreaterThanOrEqual(size);
  expect(held).toBeLessThan(2 * size);
  const narrow = createRecentEvents({ events: 1_000, size: 1 }, events);
  expect(narrow.at(40)?.event_sequence).toBe(40);
  expect(narrow.at(39)).toBeUndefined();
});

test('gives all that stand at the same place the same batch, of whole events and no more than one write takes', () => {
  const ring = createRecentEvents({ events: 40, size: Number.POSITIVE_INFINITY }, events);
  const batch = ring.batch(10, 40)!;
  expect(batch.messages).toEqual(Array.from({ length: 16 }, (_, n) => ring.at(11 + n)));
  expect([batch.after, batch.to]).toEqual([10, 26]);
  expect(ring.batch(10, 40)).toBe(batch);
  expect(bytesOf(ring.batch(10, 40)!, 'websocket')).toBe(bytesOf(batch, 'websocket'));
  expect(ring.batch(10, 12)!.to).toBe(12);
  expect(ring.batch(40, 41)).toBeUndefined();
  expect(createRecentEvents(EIGHT, events).batch(1, 40)).toBeUndefined();
  expect(ring.oldest().event_sequence).toBe(1);
});

test('writes an event of any size alone, where more would be too much for one write', () => {
  const large = prepareEvent({ type: 'EVENT', ...events[0]!, payload: { text: 'x'.repeat(65_000) } });
  expect(batchEvents((sequence) => (sequence < 5 ? large : undefined), 0, 40)!.messages).toHaveLength(1);
});
