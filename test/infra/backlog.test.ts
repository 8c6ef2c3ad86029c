/** When the door shuts and when it opens again. */
import { expect, test } from 'vitest';
import { type Backlog, isTooMuch, OPEN_BELOW, SHUT_AT } from '../../src/infra/backlog.ts';

const idle: Backlog = { pending: 0, oldest_pending_seconds: 0 };

test.each(['pending', 'oldest_pending_seconds'] as const)('the door shuts at a bound of %s', (what) => {
  expect(isTooMuch({ ...idle, [what]: SHUT_AT[what] - 1 }, false)).toBe(false);
  expect(isTooMuch({ ...idle, [what]: SHUT_AT[what] }, false)).toBe(true);
});

test.each(['pending', 'oldest_pending_seconds'] as const)('it stays shut until %s is well below', (what) => {
  expect(isTooMuch({ ...idle, [what]: OPEN_BELOW[what] }, true)).toBe(true);
  expect(isTooMuch({ ...idle, [what]: OPEN_BELOW[what] - 1 }, true)).toBe(false);
  expect(OPEN_BELOW[what]).toBeLessThan(SHUT_AT[what]);
});

test('both must be well below for it to open', () => {
  expect(isTooMuch({ pending: OPEN_BELOW.pending - 1, oldest_pending_seconds: 59 }, true)).toBe(true);
});
