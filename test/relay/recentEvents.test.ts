/** The ring: contiguous and linked, bounded, and honest about what it does not hold. */
import { expect, test } from 'vitest';
import { GENESIS_HASH } from '../../src/core/chain/chain.ts';
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
      expect(ring.at(event_sequence - back)).toEqual({ type: 'EVENT', ...events[event_sequence - back - 1] });
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
  const held = kept.reduce((sum, event) => sum + JSON.stringify(event).length, 0);
  expect(held).toBeGreaterThanOrEqual(size);
  expect(held).toBeLessThan(2 * size);
  const narrow = createRecentEvents({ events: 1_000, size: 1 }, events);
  expect(narrow.at(40)?.event_sequence).toBe(40);
  expect(narrow.at(39)).toBeUndefined();
});
