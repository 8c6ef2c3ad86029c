/** When a breaker opens, for how long, and whom it lets through. */
import { describe, expect, test } from 'vitest';
import {
  BREAKER,
  type Breaker,
  breakerNow,
  CLOSED,
  enterBreaker,
  leaveBreaker,
} from '../../../src/feeds/pace/breaker.ts';

const NOW = 1_800_000_000_000;
const failing = (times: number, at = NOW) =>
  Array.from({ length: times }).reduce<Breaker>((breaker) => leaveBreaker(breaker, true, at), CLOSED);

describe('a breaker', () => {
  test('stays closed at the fourth failure in a row, and opens at the fifth (P2-3)', () => {
    expect(failing(4)).toEqual({ is: 'closed', failures: 4 });
    expect(failing(5)).toEqual({ is: 'open', since: NOW });
  });

  test('counts anew after a success', () => {
    expect(leaveBreaker(failing(4), false, NOW)).toEqual(CLOSED);
  });

  test('lets nothing through for a minute, and says for how long', () => {
    const open = failing(5);
    expect(enterBreaker(open, NOW)).toEqual({ breaker: open, waits_ms: 60_000 });
    expect(enterBreaker(open, NOW + 59_999)).toEqual({ breaker: open, waits_ms: 1 });
    expect(breakerNow(open, NOW + 59_999)).toBe('open');
    expect(breakerNow(open, NOW + 60_000)).toBe('half_open');
  });

  test('lets one request probe after it, and no second beside it', () => {
    const probing = enterBreaker(failing(5), NOW + 60_000);
    expect(probing).toEqual({ breaker: { is: 'half_open', probed_at: NOW + 60_000 }, waits_ms: 0 });
    expect(enterBreaker(probing.breaker, NOW + 60_001).waits_ms).toBe(59_999);
  });

  test('closes when the probe succeeds, and opens for another minute when it fails', () => {
    const { breaker } = enterBreaker(failing(5), NOW + 60_000);
    expect(leaveBreaker(breaker, false, NOW + 61_000)).toEqual(CLOSED);
    expect(leaveBreaker(breaker, true, NOW + 61_000)).toEqual({ is: 'open', since: NOW + 61_000 });
  });

  test('gives the place of a probe that never came back to another', () => {
    const { breaker } = enterBreaker(failing(5), NOW + 60_000);
    expect(enterBreaker(breaker, NOW + 120_000).waits_ms).toBe(0);
  });

  test('does not believe answers of requests from before it opened', () => {
    const open = failing(5);
    expect(leaveBreaker(open, false, NOW + 1)).toEqual(open);
    expect(leaveBreaker(open, true, NOW + 9_000)).toEqual(open);
  });

  test('is not open for longer because a clock was set back', () => {
    const { breaker, waits_ms } = enterBreaker(failing(5), NOW - 3_600_000);
    expect(waits_ms).toBe(BREAKER.open_ms);
    expect(enterBreaker(breaker, NOW - 3_600_000 + BREAKER.open_ms).waits_ms).toBe(0);
  });
});
