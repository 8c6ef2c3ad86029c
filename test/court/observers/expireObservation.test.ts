/** An observation ends when its ticket has run out, once, and the record does not notice. */
import { expect, test } from 'vitest';
import { expireObservation } from '../../../src/court/observers/expireObservation.ts';
import { given, NOW } from '../../support/given.ts';
import { SESSION, sessionThatIs, system } from '../../support/matchFixture.ts';

const observation_id = '018f3c1e-7b2a-7c11-9d0e-0000000f0000';
const minutesAgo = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
const body = { session_id: SESSION, observation_id };
/** What is known of the observation. */
const expires = (fact?: { observed_at: string; left_at: string | null }) =>
  given(...sessionThatIs.active).when(expireObservation, body, system, { fact });

test('an observation that outlived its ticket of 15 minutes ends, which records no event', () => {
  const verdict = expires({ observed_at: minutesAgo(15), left_at: null }).then()!;
  expect(verdict.result).toEqual({ id: observation_id, session_id: SESSION, left_at: NOW });
  const key = { id: observation_id };
  expect(verdict.writes).toEqual([{ table: 'session_observations', key, set: { left_at: NOW }, insert: false }]);
});

test.each([
  ['when its last lease ran out', minutesAgo(7), minutesAgo(7)],
  ['and never later than that is decided', '2030-01-01T00:00:00.000Z', NOW],
])('it ended %s', (_, left_at, ended) => {
  const fact = { observed_at: minutesAgo(30), left_at: null };
  const verdict = given(...sessionThatIs.active)
    .when(expireObservation, { ...body, left_at }, system, { fact })
    .then()!;
  expect(verdict.result).toMatchObject({ left_at: ended });
  expect(verdict.writes).toMatchObject([{ set: { left_at: ended } }]);
});

test('while the ticket is good it goes on', () => {
  expires({ observed_at: minutesAgo(14), left_at: null }).then('not_stale');
});

test('an observation ends once, and one that nobody made does not end', () => {
  expires({ observed_at: minutesAgo(60), left_at: minutesAgo(50) }).then('not_joined');
  expires().then('not_joined');
});
