/** The ring: contiguous and linked, bounded, and honest about what it does not hold. */
import { expect, test } from 'vitest';
import { GENESIS_HASH } from '../../src/core/chain.ts';
import { createRing } from '../../src/relay/ring.ts';
import { chain } from './world.ts';

const events = chain(40);

test('keeps at least its capacity, less than twice that, and the latest', () => {
  const ring = createRing(8, []);
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
  const ring = createRing(8, events.slice(0, 5));
  expect(ring.append(events[4]!)).toBe(false);
  expect(ring.append(events[6]!)).toBe(false);
  expect(ring.append({ ...events[5]!, previous_hash: GENESIS_HASH })).toBe(false);
  expect(ring.head()).toEqual({ event_sequence: 5, event_hash: events[4]!.event_hash });
  expect(ring.append(events[5]!)).toBe(true);
});

test('begins after the last break of the events it is given', () => {
  const ring = createRing(8, [...events.slice(0, 5), ...events.slice(7, 10)]);
  expect(ring.head().event_sequence).toBe(10);
  expect(ring.at(8)?.event_sequence).toBe(8);
  expect(ring.at(7)).toBeUndefined();
  expect(ring.at(5)).toBeUndefined();
});
