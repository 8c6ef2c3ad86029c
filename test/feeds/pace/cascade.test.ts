/** Which source of a match is asked. */
import { describe, expect, test } from 'vitest';
import { type Candidate, choose, PINNED_MS } from '../../../src/feeds/pace/cascade.ts';

const NOW = 1_800_000_000_000;
const of = (feed_id: string, health: number, breaker: Candidate['breaker'] = 'closed'): Candidate => ({
  ...{ feed_id, health, breaker },
});
const chosen = (...candidates: Candidate[]) => choose(candidates, undefined, NOW)?.feed_id;

describe('of several sources', () => {
  test('the first in their order is asked that does well enough, which 4000 is', () => {
    expect(chosen(of('a', 4_000), of('b', 9_000))).toBe('a');
    expect(chosen(of('a', 3_999), of('b', 4_000), of('c', 9_000))).toBe('b');
  });

  test('the first of all is asked where none does well, and none whose breaker is open', () => {
    expect(chosen(of('a', 100), of('b', 3_000))).toBe('a');
    expect(chosen(of('a', 9_000, 'open'), of('b', 100, 'half_open'))).toBe('b');
    expect(chosen(of('a', 9_000, 'open'))).toBeUndefined();
    expect(chosen()).toBeUndefined();
  });

  test('the one that was chosen stays for a minute, whatever the others do', () => {
    const pin = choose([of('a', 100), of('b', 9_000)], undefined, NOW);
    expect(pin).toEqual({ feed_id: 'b', until: NOW + PINNED_MS });
    expect(choose([of('a', 9_000), of('b', 100)], pin, NOW + PINNED_MS - 1)).toEqual(pin);
    expect(choose([of('a', 9_000), of('b', 100)], pin, NOW + PINNED_MS)).toEqual({
      feed_id: 'a',
      until: NOW + 2 * PINNED_MS,
    });
  });

  test('it does not stay where its breaker opens, or where it is no source any more', () => {
    const pin = { feed_id: 'b', until: NOW + PINNED_MS };
    expect(choose([of('a', 9_000), of('b', 9_000, 'open')], pin, NOW)?.feed_id).toBe('a');
    expect(choose([of('a', 9_000)], pin, NOW)?.feed_id).toBe('a');
  });

  test('a clock that was set back pins for no longer than a minute', () => {
    const pin = { feed_id: 'a', until: NOW + 3_600_000 };
    expect(choose([of('a', 100)], pin, NOW)).toEqual({ feed_id: 'a', until: NOW + PINNED_MS });
  });
});
