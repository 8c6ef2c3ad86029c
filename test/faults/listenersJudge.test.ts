/** The judges of slow listeners, of crowds and of stalls find nothing in what was promised, and every way of spoiling that. */
import { describe, expect, test } from 'vitest';
import type { Onlooker } from '../../chaos/crowd.ts';
import type { EventRow } from '../../chaos/judge.ts';
import { judgeCrowd } from '../../chaos/judgeCrowd.ts';
import { judgeSlow } from '../../chaos/judgeSlow.ts';
import { lateness } from '../../chaos/lateness.ts';
import type { Tape } from '../../chaos/sockets.ts';

type Policy = Parameters<typeof judgeSlow>[0];

const hashAt = (sequence: number) => `hash of ${sequence}`;
const CHAIN = Array.from({ length: 30 }, (_, i) => ({ sequence: i + 1, event_hash: hashAt(i + 1) }) as EventRow);
const events = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ event: from + i, hash: hashAt(from + i) }));

/** What a listener may be told under each policy that did not read from 8 on. */
const HONEST: Record<Policy, () => Tape[]> = {
  drop_oldest: () => [
    { after: 0, ended: 1000, said: [...events(1, 8), { from: 9, to: 20, hash: hashAt(20) }, ...events(21, 30)] },
  ],
  disconnect: () => [
    { after: 0, ended: 4408, said: events(1, 8) },
    { after: 8, ended: undefined, said: events(9, 30) },
  ],
  catch_up: () => [{ after: 0, ended: undefined, said: events(1, 30) }],
};

function spoil(policy: Policy, spoiling: (tapes: Tape[]) => unknown): string {
  const tapes = HONEST[policy]();
  spoiling(tapes);
  return judgeSlow(policy, CHAIN, tapes, 5_000).join('\n');
}

describe('the judge of slow listeners', () => {
  test.each(Object.keys(HONEST) as Policy[])('finds nothing where %s was kept', (policy) => {
    expect(spoil(policy, () => {})).toBe('');
  });

  test('takes a connection that was cut without a word for one that was sent away', () => {
    expect(spoil('disconnect', ([first]) => Object.assign(first!, { ended: 1006 }))).toBe('');
  });

  test('finds nothing in one that took nothing for a minute, and was sent away under a policy that does not', () => {
    expect(judgeSlow('catch_up', CHAIN, HONEST.disconnect(), 60_000)).toEqual([]);
  });

  test.each<[string, Policy, (tapes: Tape[]) => unknown, RegExp]>([
    ['an event that was left out unsaid', 'catch_up', ([one]) => one!.said.splice(8, 1), /told 10 to 10 after 8/],
    ['an event told twice', 'catch_up', ([one]) => one!.said.splice(8, 0, one!.said[7]!), /told 8 to 8 after 8/],
    [
      'more left out than was said',
      'drop_oldest',
      ([one]) => Object.assign(one!.said[8]!, { to: 19, hash: hashAt(19) }),
      /told 21 to 21 after 19/,
    ],
    [
      'what is left out from elsewhere',
      'drop_oldest',
      ([one]) => Object.assign(one!.said[8]!, { from: 10 }),
      /after 8/,
    ],
    [
      'the hash of another event',
      'drop_oldest',
      ([one]) => Object.assign(one!.said[8]!, { hash: hashAt(21) }),
      /another event at 20/,
    ],
    [
      'another event than is recorded',
      'catch_up',
      ([one]) => Object.assign(one!.said[3]!, { hash: 'x' }),
      /another event at 4/,
    ],
    [
      'an event that is not there',
      'catch_up',
      ([one]) => one!.said.push({ event: 31, hash: 'x' }),
      /another event at 31/,
    ],
    [
      'one that came back and was not told what came next',
      'disconnect',
      ([, next]) => next!.said.shift(),
      /told 10 to 10 after 8/,
    ],
    [
      'one that nothing was done about, under drop_oldest',
      'drop_oldest',
      ([one]) => Object.assign(one!, { said: events(1, 30) }),
      /nothing was left out/,
    ],
    [
      'one that nothing was done about, under disconnect',
      'disconnect',
      (tapes) => tapes.splice(0, 2, { after: 0, ended: undefined, said: events(1, 30) }),
      /not sent away/,
    ],
    [
      'one that was sent away instead of catching up',
      'catch_up',
      (tapes) => tapes.splice(0, 1, ...HONEST.disconnect()),
      /which was to catch up/,
    ],
    [
      'one for which events were left out that was to be sent away',
      'disconnect',
      (tapes) => tapes.splice(0, 1, ...HONEST.drop_oldest()),
      /under disconnect events were left out/,
    ],
    [
      'one that was told not to come back',
      'disconnect',
      ([first]) => Object.assign(first!, { ended: 4429 }),
      /closed with 4429/,
    ],
  ])('finds %s (%s)', (_what, policy, spoiling, finding) => {
    expect(spoil(policy, spoiling)).toMatch(finding);
  });
});

test('what comes later than a fault allows is found: outcomes, and what listeners are told while a network stalls', () => {
  const recovery = { settled_ms: 900, told_ms: 12_000 };
  expect(lateness(recovery, 2_000)).toEqual([]);
  expect(lateness(recovery, 2_000, 12_000)).toEqual([]);
  expect(lateness(recovery, 2_000, 10_000)).toEqual(['it took 12000 ms until listeners were told, not 10000 at most']);
  expect(lateness(recovery, 500, 20_000)).toEqual(['it took 900 ms to recover, not 500 at most']);
});

describe('the judge of a crowd', () => {
  const session_id = 'one';
  const chains = new Map([[session_id, ['a', 'b', 'c']]]);
  const at = (event_sequence: number, event_hash: string) => ({ event_sequence, event_hash });
  const stays: Onlooker = { name: 'sse 0', session_id, position: at(3, 'c'), hasLeft: false };

  test.each<[string, Partial<Onlooker>]>([
    ['one that has all of it', {}],
    ['one that left halfway', { hasLeft: true, position: at(2, 'b') }],
    ['one that left before it was told anything', { hasLeft: true, position: null }],
  ])('finds nothing wrong with %s', (_, change) => {
    expect(judgeCrowd([{ ...stays, ...change }], chains)).toEqual([]);
  });

  test.each<[string, Partial<Onlooker>, RegExp]>([
    ['one that lacks the last', { position: at(2, 'b') }, /told 2 of 3/],
    ['one that was told nothing', { position: null }, /told 0 of 3/],
    ['one that was told another log', { position: at(3, 'x') }, /another log up to 3/],
    ['one that had been told another log when it left', { hasLeft: true, position: at(2, 'x') }, /another log up to 2/],
    ['one that was told of more than there is', { position: at(4, 'd') }, /another log up to 4/],
    ['one whose client found the chain broken', { broken: 'at 2: link' }, /was stopped: at 2: link/],
  ])('finds %s', (_, change, finding) => {
    expect(judgeCrowd([{ ...stays, ...change }], chains).join()).toMatch(finding);
  });
});
