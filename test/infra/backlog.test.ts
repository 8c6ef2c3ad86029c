/** When the door shuts and when it opens again, for all, for an institution and for a stream. */
import { describe, expect, test } from 'vitest';
import { boundFor, isOverShare, isStuckForLong, isTooMuch, type Workable } from '../../src/infra/backlog/backlog.ts';
import { settledPerSecond, type Waiting } from '../../src/infra/backlog/inboxLoad.ts';

const idle: Workable = { pending: 0, oldest_pending_seconds: 0, per_second: 0 };
const BOUNDS = [
  ['pending', boundFor(0)],
  ['oldest_pending_seconds', 60],
] as const;

test.each(BOUNDS)('the door shuts at a bound of %s', (what, bound) => {
  expect(isTooMuch({ ...idle, [what]: bound - 1 }, false)).toBe(false);
  expect(isTooMuch({ ...idle, [what]: bound }, false)).toBe(true);
});

test.each(BOUNDS)('it stays shut until %s is at half of it', (what, bound) => {
  expect(isTooMuch({ ...idle, [what]: bound / 2 }, true)).toBe(true);
  expect(isTooMuch({ ...idle, [what]: bound / 2 - 1 }, true)).toBe(false);
});

test('both must be well below for it to open', () => {
  expect(isTooMuch({ ...idle, pending: 1, oldest_pending_seconds: 59 }, true)).toBe(true);
});

test('more may wait where more is worked off in the same time, and never more than is counted', () => {
  expect(boundFor(10)).toBe(boundFor(0));
  expect(boundFor(2_000)).toBe(40_000);
  expect(boundFor(100_000)).toBe(50_000);
});

describe('an institution', () => {
  const bound = boundFor(0);
  const with_ = (pending: number) => ({ ...idle, pending });

  test('alone has half of the bound, and is let in again when half of that is worked off', () => {
    expect(isOverShare(bound / 2 - 1, with_(bound / 2 - 1), false)).toBe(false);
    expect(isOverShare(bound / 2, with_(bound / 2), false)).toBe(true);
    expect(isOverShare(bound / 4 + 1, with_(bound / 4 + 1), true)).toBe(true);
    expect(isOverShare(bound / 4 - 1, with_(bound / 4 - 1), true)).toBe(false);
  });

  test('that comes while others have their share gets in, and all of them together never shut the door', () => {
    let pending = 0;
    for (let n = 0; n < 20; n += 1) {
      let share = 0;
      while (!isOverShare(share, with_(pending), false) && share < bound) {
        share += 1;
        pending += 1;
      }
      expect(share).toBeGreaterThan(0);
      expect(isTooMuch(with_(pending), false)).toBe(pending >= bound);
      if (n < 10) expect(pending).toBeLessThan(bound);
    }
  });
});

test('a stream that is stuck has a bound of its own, by age and by number', () => {
  expect(isStuckForLong({ pending: 999, oldest_pending_seconds: 59 })).toBe(false);
  expect(isStuckForLong({ pending: 1_000, oldest_pending_seconds: 0 })).toBe(true);
  expect(isStuckForLong({ pending: 1, oldest_pending_seconds: 60 })).toBe(true);
});

test('what is settled in a second is what was drawn and waits no more', () => {
  const at = (seconds: number, drawn: number, waiting: number): Waiting => {
    const apart = { ...idle, shares: [] };
    return { ...idle, waiting, drawn, at: 1 + seconds, shares: [], apart, stuck: [] };
  };
  const looks = Array.from({ length: 60 }, (_, n) => at(n, n * 500, 100));
  const rate = looks.slice(1).reduce((before, now, n) => settledPerSecond(before, looks[n]!, now), 0);
  expect(rate).toBeGreaterThan(490);
  expect(rate).toBeLessThanOrEqual(500);
  const stopped = Array.from({ length: 60 }, (_, n) => at(n, n * 500, n * 500));
  expect(stopped.slice(1).reduce((before, now, n) => settledPerSecond(before, stopped[n]!, now), 500)).toBeLessThan(5);
});
