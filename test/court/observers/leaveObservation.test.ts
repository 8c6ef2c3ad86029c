/** A spectator stops looking on, once, and the record does not notice. */
import { expect, test } from 'vitest';
import { leaveObservation } from '../../../src/court/observers/leaveObservation.ts';
import { given, NOW } from '../../support/given.ts';
import { SESSION, sessionThatIs, student } from '../../support/matchFixture.ts';

const observation_id = '018f3c1e-7b2a-7c11-9d0e-0000000f0000';
const active = given(...sessionThatIs.active);
/** Whether the observation has ended; of one that does not exist nothing is known. */
const leaves = (fact?: boolean) => active.when(leaveObservation, {}, student, { observation_id, fact });

test('a spectator stops looking on, which records no event', () => {
  const verdict = leaves(false).then()!;
  expect(verdict.result).toEqual({ id: observation_id, session_id: SESSION, left_at: NOW });
  const key = { id: observation_id };
  expect(verdict.writes).toEqual([{ table: 'session_observations', key, set: { left_at: NOW }, insert: false }]);
});

test('an observation ends once', () => {
  leaves(true).then('not_joined', { status: 409 });
});

test('an observation that nobody made does not end', () => {
  leaves().then('not_joined');
});
