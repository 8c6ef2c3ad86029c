/** How long until a round is asked for again, factor by factor; and jitter. */
import { describe, expect, test } from 'vitest';
import { type Demanded, INTERVAL, intervalOf, jitterOf, lnOf, withJitter } from '../../../src/feeds/pace/interval.ts';
import { PHASES } from '../../../src/feeds/providers/provider.ts';

const usual: Demanded = { phase: 'break', tier: 0, subscriptions: 0, health: 10_000, quota_used: 0 };
const interval = (changed: Partial<Demanded>) => intervalOf({ ...usual, ...changed });

describe('an interval', () => {
  test('is three times the base where nobody looks on, and less with each that does', () => {
    expect(interval({})).toBe(45_000);
    // 15 s / (1 + ln 2)
    expect(interval({ subscriptions: 1 })).toBe(8_859);
    // 15 s / (1 + ln 11)
    expect(interval({ subscriptions: 10 })).toBe(4_414);
    expect(interval({ subscriptions: 10_000 })).toBe(1_468);
  });

  test('is one and a half times as long for events, and three times for statistics', () => {
    const [events, stats] = ([1, 2] as const).map((tier) => interval({ tier, subscriptions: 1 }));
    expect([events, stats]).toEqual([13_288, 26_577]);
  });

  test('is three times as long where the provider is as ill as can be, and twice where it is half so', () => {
    expect(interval({ phase: 'live', subscriptions: 1, health: 5_000 })).toBe(5_906);
    expect(interval({ phase: 'live', subscriptions: 1, health: 0 })).toBe(8_859);
  });

  test.each([
    [7_000, 10_000],
    [8_000, 15_000],
    [9_000, 20_000],
    [9_001, 20_000],
    [10_000, 20_000],
  ])('with %i of the quota spent is multiplied by %i ten-thousandths', (quota_used, factor) => {
    expect(interval({ phase: 'live', quota_used })).toBe((15_000 * factor) / 10_000);
  });

  test('is never under a second and never over two minutes', () => {
    expect(interval({ phase: 'live', subscriptions: 2_000_000_000 })).toBe(1_000);
    for (const phase of PHASES) {
      const worst = interval({ phase, tier: 2, health: 0, quota_used: 10_000 });
      expect(worst).toBe(INTERVAL.most_ms);
    }
  });
});

test('the logarithm is that of the engine, less than a ten-thousandth too small', () => {
  for (const value of [1, 2, 3, 7, 10, 11, 100, 4_096, 10_001, 33_554_431, 33_554_432, 2_000_000_001]) {
    expect(Math.abs(lnOf(value) - Math.log(value) * 10_000)).toBeLessThan(2);
  }
  expect(lnOf(1)).toBe(0);
});

describe('jitter', () => {
  test('is the same for the same feed, tier and tick, and another for another', () => {
    expect(jitterOf('a', 0, 1)).toBe(jitterOf('a', 0, 1));
    const drawn = new Set([jitterOf('a', 0, 1), jitterOf('b', 0, 1), jitterOf('a', 1, 1), jitterOf('a', 0, 2)]);
    expect(drawn.size).toBe(4);
  });

  test('stays within 15 in a hundred, and spreads over it', () => {
    const drawn = Array.from({ length: 5_000 }, (_, tick) => jitterOf('a', 0, tick));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(-1_500);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(1_500);
    expect(Math.min(...drawn)).toBeLessThan(-1_400);
    expect(Math.max(...drawn)).toBeGreaterThan(1_400);
    expect(withJitter(10_000, -1_500)).toBe(8_500);
    expect(withJitter(10_000, 1_500)).toBe(11_500);
  });
});
