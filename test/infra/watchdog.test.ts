/** What counts as standing still. That the process then ends is shown with real ones, in test/faults/killer.test.ts. */
import { expect, test } from 'vitest';
import { check, type Sight } from '../../src/infra/process/watchdogThread.ts';

/** What is seen after these looks, each a pair of beats and time. */
function after(...looks: [beats: number, now_ms: number][]): Sight {
  return looks.reduce((sight, [beats, now_ms]) => check(sight, beats, now_ms), {
    beats: 0,
    checked_at_ms: 0,
    stalled_ms: 0,
  });
}

test('a main thread that beats is never held for stalled', () => {
  expect(after([1, 250], [2, 500], [3, 750]).stalled_ms).toBe(0);
});

test('the time without a beat adds up, and one beat ends it', () => {
  expect(after([1, 250], [1, 500], [1, 750]).stalled_ms).toBe(500);
  expect(after([1, 250], [1, 500], [2, 750]).stalled_ms).toBe(0);
});

test('an hour in which nobody ran counts as one look', () => {
  expect(after([1, 500], [1, 3_600_500]).stalled_ms).toBe(1_000);
});
