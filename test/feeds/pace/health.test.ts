/** The formula of a provider's health, each part at its edge. */
import { describe, expect, test } from 'vitest';
import { countedSamples, healthOf, type Sample } from '../../../src/feeds/pace/health.ts';

const NOW = 1_800_000_000_000;
const sample = (outcome: Sample['outcome'] = 'ok', latency_ms = 0, at = NOW): Sample => ({ at, latency_ms, outcome });
const times = (count: number, one: Sample) => Array.from({ length: count }, () => one);

describe('the health of a provider', () => {
  test('is 8000 where nobody has asked, and 10000 where all is as well as can be', () => {
    expect(healthOf([], NOW)).toBe(8_000);
    expect(healthOf([sample()], NOW)).toBe(10_000);
  });

  test('falls by 40 in a hundred where everything fails, and by 15 as nothing new comes', () => {
    expect(healthOf([sample('failed')], NOW)).toBe(4_500);
    expect(healthOf([sample('failed'), sample()], NOW)).toBe(8_000);
  });

  test('falls by 25 in a hundred at five seconds, by half of it at half of them, and by no more at ten', () => {
    expect(healthOf([sample('ok', 2_500)], NOW)).toBe(8_750);
    expect(healthOf([sample('ok', 5_000)], NOW)).toBe(7_500);
    expect(healthOf([sample('ok', 10_000)], NOW)).toBe(7_500);
    expect(healthOf([sample('ok', 0), sample('ok', 5_000)], NOW)).toBe(8_750);
  });

  test('falls by 2 in a hundred for each 429, and by no more after ten', () => {
    const ok = sample();
    expect(healthOf([sample('limited'), ok], NOW)).toBe(9_800);
    expect(healthOf([...times(10, sample('limited')), ok], NOW)).toBe(8_000);
    expect(healthOf([...times(30, sample('limited')), ok], NOW)).toBe(8_000);
  });

  test('falls by 15 in a hundred as the last good answer grows ten seconds old', () => {
    expect(healthOf([sample('ok', 0, NOW - 5_000)], NOW)).toBe(9_250);
    expect(healthOf([sample('ok', 0, NOW - 10_000)], NOW)).toBe(8_500);
    expect(healthOf([sample('ok', 0, NOW - 200_000)], NOW)).toBe(8_500);
  });

  test('counts what is less than 300 seconds old, and of it the last 500', () => {
    expect(countedSamples([sample('ok', 0, NOW - 300_000), sample('ok', 0, NOW - 299_999)], NOW)).toHaveLength(1);
    expect(countedSamples(times(600, sample()), NOW)).toHaveLength(500);
    expect(healthOf([sample('failed', 0, NOW - 300_000)], NOW)).toBe(8_000);
  });

  test('is a whole number from 0 to 10000, also where a clock was set back', () => {
    const bad = times(20, sample('limited', 60_000, NOW + 5_000));
    for (const samples of [bad, [...bad, ...times(500, sample('failed', 9_999))], [sample('ok', 3, NOW + 9_000)]]) {
      const health = healthOf(samples, NOW);
      expect(Number.isInteger(health) && health >= 0 && health <= 10_000).toBe(true);
    }
  });
});
