/** Procedural violations go on record: of somebody on the roster, by the bench or the bailiff. */
import { expect, test } from 'vitest';
import { proceduralViolation, recordViolation } from '../../../src/court/violations/recordViolation.ts';
import { given, NOW } from '../../support/given.ts';
import {
  bailiff,
  outsideJudge,
  petitioner,
  sessionThatIs,
  student,
  superAdmin,
  turnId,
} from '../../support/matchFixture.ts';
import { round } from '../../support/roundEvents.ts';

const COMMAND = '018f3c1e-1111-7111-8111-111111110000';
const body = { user_id: petitioner.id, kind: 'coaching', description: 'A note was passed from the gallery.' };
const moot = given(...round('moot-20'));

test('it is recorded with who recorded it, and in which turn if in one', () => {
  const { result } = moot
    .when(recordViolation, { ...body, turn_id: turnId(1) }, bailiff)
    .then(proceduralViolation({ violation_id: COMMAND, turn_id: turnId(1), ...body }))!;
  expect(result).toEqual({
    ...{ id: COMMAND, turn_id: turnId(1), ...body },
    ...{ recorded_by: bailiff.id, recorded_at: NOW },
  });
  moot
    .when(recordViolation, body, bailiff)
    .then(proceduralViolation({ violation_id: COMMAND, turn_id: null, ...body }));
});

test('somebody who is not on the roster cannot be at fault', () => {
  moot.when(recordViolation, { ...body, user_id: student.id }, bailiff).then('not_on_roster');
});

test.each([
  { kind: '' },
  { kind: 'Late' },
  { kind: 'a'.repeat(51) },
  { description: '' },
  { description: 'd'.repeat(501) },
])('%j is no violation', (changes) => {
  expect(recordViolation.body.safeParse({ ...body, ...changes }).success).toBe(false);
});

test('refused as every command of the court', () => {
  moot.when(recordViolation, body, outsideJudge).then('not_on_panel');
  moot.when(recordViolation, body, { ...bailiff, id: superAdmin.id }).then('role_not_on_roster');
  moot.when(recordViolation, { ...body, turn_id: superAdmin.id }, bailiff).then('not_found');
  given(...sessionThatIs.pending)
    .when(recordViolation, body, bailiff)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(recordViolation, body, bailiff)
    .then('session_completed');
});
