/** What is kept of states in memory, and what goes. */
import { expect, test } from 'vitest';
import { createKeptStates } from '../../src/core/apply/keptStates.ts';

const headAt = (sequence: number) => ({ sequence, event_hash: `${sequence}`, occurred_at: null });
const KB = 1_024;
const stateOf = (bytes: number) => ({ text: 'x'.repeat(bytes) });

function keptOf(most_bytes: number) {
  const kept = createKeptStates(most_bytes);
  const keep = (stream: string, bytes: number, sequence = 1) =>
    kept.keep(stream, { head: headAt(sequence), state: stateOf(bytes) }, 0);
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
