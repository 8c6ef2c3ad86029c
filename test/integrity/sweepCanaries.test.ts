/** A sweep that went blind is not believed. */
import { expect, test } from 'vitest';
import { assertSweepFinds, issuesOfChain } from '../../src/integrity/streams/canaries.ts';
import { assertSweptFound, CANARY_NAMES } from '../../src/integrity/sweep/canaries.ts';
import type { SweptStream } from '../../src/integrity/sweep/sweptRows.ts';

test('the sweep finds exactly what was broken for it', () => {
  expect(() => assertSweepFinds()).not.toThrow();
});

test('one that finds nothing, too much or something else is found out', () => {
  expect(() => assertSweepFinds(() => [])).toThrow('does not find: Sequence gap');
  expect(() => assertSweepFinds(() => ['Hash mismatch at sequence 1'])).toThrow('faults in a sound stream');
  const blindTo = (begins: string) => () =>
    assertSweepFinds((rows) => issuesOfChain(rows).filter((text) => !text.startsWith(begins)));
  for (const begins of ['Hash mismatch', 'Broken link', 'Payload missing', 'Erased payload', 'Head mismatch']) {
    expect(blindTo(begins)).toThrow(`does not find: ${begins}`);
  }
  const withSecond = (...[rows]: Parameters<typeof issuesOfChain>) => issuesOfChain(rows).flatMap((one) => [one, one]);
  expect(() => assertSweepFinds(withSecond)).toThrow('does not find');
  expect(() => assertSweepFinds(issuesOfChain, () => [])).toThrow('does not find a row too many of');
});

test('a first pass that takes one of them for sound, all for broken, or does not see one, is found out', () => {
  const told = CANARY_NAMES.map((name) => ({ stream: `canary:${name}`, is_sound: name === 'sound' }) as SweptStream);
  expect(() => assertSweptFound(told)).not.toThrow();
  for (const [n, name] of CANARY_NAMES.entries()) {
    expect(() => assertSweptFound(told.with(n, { ...told[n]!, is_sound: name !== 'sound' }))).toThrow(`tell: ${name}`);
    expect(() => assertSweptFound(told.toSpliced(n, 1))).toThrow(`see: ${name}`);
  }
});
