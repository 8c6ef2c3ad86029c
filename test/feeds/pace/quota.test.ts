/** The requests of a minute. */
import { expect, test } from 'vitest';
import { type Quota, quotaOf, takeQuota } from '../../../src/feeds/pace/quota.ts';

const NOW = 1_800_000_000_000;

function take(times: number, most: number, at = NOW): Quota | undefined {
  let quota: Quota | undefined;
  for (let i = 0; i < times; i += 1) quota = takeQuota(quota, most, at).quota;
  return quota;
}

test('sixty requests are admitted, and the next waits for the end of the minute that the first began', () => {
  const spent = take(60, 60);
  expect(spent).toEqual({ since: NOW, used: 60 });
  expect(takeQuota(spent, 60, NOW + 59_999)).toEqual({ quota: spent, waits_ms: 1 });
  expect(takeQuota(spent, 60, NOW + 60_000)).toEqual({ quota: { since: NOW + 60_000, used: 1 }, waits_ms: 0 });
});

test('what is refused is not counted', () => {
  expect(take(200, 60)).toEqual({ since: NOW, used: 60 });
});

test('what is spent is said in basis points, and is nothing in a new minute', () => {
  expect(quotaOf(take(42, 60), 60, NOW)).toBe(7_000);
  expect(quotaOf(take(60, 60), 30, NOW)).toBe(10_000);
  expect(quotaOf(take(60, 60), 60, NOW + 60_000)).toBe(0);
  expect(quotaOf(undefined, 60, NOW)).toBe(0);
});

test('a clock that was set back begins a new minute', () => {
  expect(takeQuota({ since: NOW + 3_600_000, used: 60 }, 60, NOW)).toEqual({
    quota: { since: NOW, used: 1 },
    waits_ms: 0,
  });
});
