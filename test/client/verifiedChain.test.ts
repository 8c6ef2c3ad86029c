/** Whatever comes, what is taken is exactly a verified prefix of the chain. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChainBroken, createVerifiedChain } from '../../src/client/verifiedChain.ts';
import { histories } from '../support/histories.ts';

const { session_id, events } = histories.toSorted((a, b) => b.events.length - a.events.length)[0]!;
const opened = (from = 0) => {
  const chain = createVerifiedChain(session_id, true);
  chain.begin({ event_sequence: from, event_hash: events[from - 1]?.event_hash });
  return chain;
};

/** Takes until something is wrong. */
function takeAll(given: unknown[], chain = opened()) {
  const taken = [];
  try {
    for (const one of given) taken.push(chain.take(one));
  } catch (error) {
    return { taken, fault: error as ChainBroken };
  }
  return { taken, fault: undefined };
}

test.each(histories.map((one) => [one.name, one] as const))('%s is taken to its end', (_, history) => {
  const chain = createVerifiedChain(history.session_id, true);
  expect(takeAll(history.events, chain)).toEqual({ taken: history.events, fault: undefined });
});

describe('of a chain that was', () => {
  const index = fc.nat({ max: events.length - 1 });
  const character = fc.constantFrom(...'0123456789abcdef"{}:,-TZ_xé');
  const changed = fc.oneof(
    index.map((i) => events.toSpliced(i, 1)),
    index.map((i) => events.toSpliced(i, 0, events[i]!)),
    fc.tuple(index, index).map(([i, j]) => events.with(i, events[j]!).with(j, events[i]!)),
    fc.tuple(index, fc.nat({ max: 2_000 }), character).map(([i, at, with_]) => {
      const text = JSON.stringify(events[i]);
      const place = at % text.length;
      try {
        return events.with(i, JSON.parse(text.slice(0, place) + with_ + text.slice(place + 1)));
      } catch {
        return events.toSpliced(i, 1, null as never);
      }
    }),
  );

  test('cut, doubled, reordered or altered in one byte, only a true prefix is given out, and the fault is told', () => {
    fc.assert(
      fc.property(changed, (given) => {
        const { taken, fault } = takeAll(given);
        expect(taken).toEqual(events.slice(0, taken.length));
        // The last one left out, or a byte put in the place of itself: nothing is wrong with what came.
        if (given.length >= events.length && JSON.stringify(given) !== JSON.stringify(events)) {
          expect(fault).toBeInstanceOf(ChainBroken);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('rewritten from an event on, with hashes that fit, nothing is given out from there', () => {
    const other = histories.find((one) => one.session_id !== session_id)!;
    const { taken, fault } = takeAll([...events.slice(0, 3), ...other.events.slice(3)]);
    expect(taken).toEqual(events.slice(0, 3));
    expect(fault).toMatchObject({ code: 'stream', event_sequence: 4 });
  });
});

describe('what the server says of the chain', () => {
  const position = (n: number) => ({ event_sequence: n, event_hash: events[n - 1]!.event_hash });
  const lie = (n: number) => ({ event_sequence: n, event_hash: 'ab'.repeat(32) });

  test('is compared with what came before', () => {
    const chain = opened();
    takeAll(events.slice(0, 5), chain);
    expect(chain.claim(position(3))).toEqual(position(3));
    expect(() => chain.claim(lie(3))).toThrow(ChainBroken);
    expect(() => chain.claim(lie(5))).toThrow(ChainBroken);
    expect(() => chain.claim(null)).toThrow(ChainBroken);
  });

  test('is remembered for what comes', () => {
    const chain = opened();
    chain.claim(lie(5));
    const { taken, fault } = takeAll(events, chain);
    expect(taken).toHaveLength(4);
    expect(fault).toMatchObject({ code: 'head', event_sequence: 5 });
  });

  test('gives the hash of a number that alone was known', () => {
    const chain = createVerifiedChain(session_id, true);
    chain.begin({ event_sequence: 4, event_hash: undefined });
    chain.claim(lie(4));
    expect(takeAll(events.slice(4), chain).fault).toMatchObject({ code: 'link', event_sequence: 5 });
  });
});

test.each([
  [[events[0], events[2]], 'gap', 2],
  [[events[0], events[0]], 'repeated', 2],
  [[{ ...events[0], session_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12' }], 'stream', 1],
])('what does not follow is named', (given, code, event_sequence) => {
  expect(takeAll(given).fault).toMatchObject({ code, event_sequence });
});

test('after a number alone the next one must be the next', () => {
  const chain = createVerifiedChain(session_id, true);
  chain.begin({ event_sequence: 4, event_hash: undefined });
  expect(takeAll([events[6]], chain).fault).toMatchObject({ code: 'gap', event_sequence: 5 });
});

test('without verifying, what comes is given out as it comes, in its order alone', () => {
  const chain = createVerifiedChain(session_id, false);
  const altered = { ...events[1]!, payload: { altered: true } };
  expect(takeAll([events[0], altered, events[3]], chain)).toMatchObject({
    taken: [events[0], altered],
    fault: { code: 'gap' },
  });
});

test('fields that could be cut in another way are refused, though the hash fits the bytes', () => {
  const [first] = events;
  for (const field of ['actor_id', 'event_type', 'occurred_at', 'event_id'] as const) {
    const { fault } = takeAll([{ ...first, [field]: `${first![field]}","x":"` }]);
    expect(fault).toMatchObject({ code: 'unreadable' });
  }
});

test('what no hash covers is not given out', () => {
  const { taken } = takeAll([{ ...events[0], verified: 'by us', type: 'EVENT' }]);
  expect(taken).toEqual([events[0]]);
});

test('an erased payload leaves the chain whole', () => {
  const erased = { ...events[1], payload: null, payload_salt: null, erased: true };
  expect(takeAll([events[0], erased, events[2]])).toEqual({ taken: [events[0], erased, events[2]], fault: undefined });
});
