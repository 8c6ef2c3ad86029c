/** A log that is not flooded: the same fault is told now and then, another at once, and nothing is kept for ever. */
import { expect, test } from 'vitest';
import { redactLine } from '../../src/infra/telemetry/log.ts';
import { createRedact } from '../../src/infra/telemetry/redaction.ts';
import { createRepeats } from '../../src/infra/telemetry/repeats.ts';

test('the same is told after five seconds, then ever less often, and says how often it was kept back', () => {
  let now = 0;
  const repeats = createRepeats(() => now);
  const told: [second: number, kept: number][] = [];
  for (let second = 0; second < 600; second += 1) {
    now = second * 1_000;
    const kept = repeats.tell('the database did not answer');
    if (kept !== undefined) told.push([second, kept]);
  }
  expect(told.slice(0, 6)).toEqual([
    [0, 0],
    [5, 4],
    [15, 9],
    [35, 19],
    [75, 39],
    [135, 59],
  ]);
  expect(told.length).toBeLessThan(15);
});

test('another fault is told at once, and so is the same after a silence', () => {
  let now = 0;
  const repeats = createRepeats(() => now);
  expect(['one', 'other', 'one'].map(repeats.tell)).toEqual([0, 0, undefined]);
  now = 10_000;
  expect(repeats.tell('one')).toBe(1);
  now = 14_000;
  expect(repeats.tell('one')).toBe(undefined);
  now = 24_000;
  expect(repeats.tell('one')).toBe(1);
});

test('lines that are all different are all told, and forgotten', () => {
  const repeats = createRepeats(() => 0);
  for (let i = 0; i < 2_000; i += 1) expect(repeats.tell(`command ${i}`)).toBe(0);
  expect(repeats.tell('command 1999')).toBe(undefined);
  expect(repeats.tell('command 0')).toBe(0);
});

test('where our own stores are may be read in a line, and nobody else’s address', () => {
  const places = ['127.0.0.1:6379', '[::1]:5432/plearoll'];
  const text = 'Redis 127.0.0.1:6379 is away, Postgres [::1]:5432/plearoll too; asked by 127.0.0.1 and 192.0.2.17:6379';
  const masked = text.replace('by 127.0.0.1 and 192.0.2.17', 'by [address] and [address]');
  expect(redactLine(JSON.stringify({ msg: text }), createRedact([]), places)).toBe(
    `${JSON.stringify({ msg: masked })}\n`,
  );
});
