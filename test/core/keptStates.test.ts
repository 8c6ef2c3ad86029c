/** What is kept of states in memory, and what goes. */
import { afterEach, expect, test, vi } from 'vitest';
import { createKeptStates, keptBytesOf } from '../../src/core/apply/keptStates.ts';

const headAt = (sequence: number) => ({ sequence, event_hash: `${sequence}`, occurred_at: null });
const KB = 1_024;
const MB = 1_024 * KB;
const stateOf = (bytes: number) => ({ text: 'x'.repeat(bytes) });

function keptOf(most_bytes: number, clock?: () => number) {
  const kept = createKeptStates(most_bytes, clock);
  const keep = (stream: string, bytes: number, sequence = 1, since_bytes = 0) =>
    kept.keep(stream, { head: headAt(sequence), state: stateOf(bytes) }, { erased: 0, since_bytes });
  const names = (all: string) => [...all].filter((stream) => kept.get(stream) !== undefined).join('');
  return { kept, keep, names };
}

test('many small states are kept where a few large ones are', () => {
  const [few, many] = [keptOf(64 * KB), keptOf(64 * KB)];
  for (const stream of 'abcdefgh') {
    few.keep(stream, 16 * KB);
    many.keep(stream, KB);
  }
  expect([few.names('abcdefgh'), many.names('abcdefgh')]).toEqual(['fgh', 'abcdefgh']);
});

test('what was used last stays', () => {
  const { kept, keep, names } = keptOf(64 * KB);
  for (const stream of 'abc') keep(stream, 16 * KB);
  kept.get('a');
  keep('d', 16 * KB);
  expect(names('abcd')).toBe('acd');
});

test('a state is weighed again as its stream grows', () => {
  const { keep, names } = keptOf(64 * KB);
  keep('a', KB);
  keep('b', KB);
  for (let sequence = 2; sequence <= 50; sequence += 1) keep('b', sequence * 1.5 * KB, sequence);
  expect(names('ab')).toBe('b');
});

test('one that is larger than all together is kept too, alone', () => {
  const { keep, names } = keptOf(64 * KB);
  keep('a', KB);
  keep('b', 100 * KB);
  expect(names('ab')).toBe('b');
});

test('a state that grows by a few large events is weighed again before there are many', () => {
  const { keep, names } = keptOf(64 * KB);
  keep('a', KB);
  keep('b', KB);
  keep('b', 64 * KB, 2, 63 * KB);
  expect(names('ab')).toBe('b');
});

test('what came in small pieces is weighed when together it is an eighth of the state', () => {
  const { keep, names } = keptOf(64 * KB);
  keep('a', 8 * KB);
  keep('b', 8 * KB);
  for (let sequence = 2; sequence <= 8; sequence += 1) keep('b', 64 * KB, sequence, 0.25 * KB);
  expect(names('ab')).toBe('b');
});

test('they take an eighth of a small heap, and of a large one no more than 128 MiB', () => {
  expect([256 * MB, 4_096 * MB].map(keptBytesOf)).toEqual([32 * MB, 128 * MB]);
});

afterEach(() => void vi.useRealTimers());

test('what nobody has used for a day goes', () => {
  vi.useFakeTimers();
  const { keep, names } = keptOf(64 * KB, () => Date.now());
  keep('a', KB);
  vi.advanceTimersByTime(12 * 3_600_000);
  keep('b', KB);
  vi.advanceTimersByTime(12 * 3_600_000 + 1);
  expect(names('ab')).toBe('b');
});
