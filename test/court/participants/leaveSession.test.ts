/** A participant leaves a session, once at a time. */
import { expect, test } from 'vitest';
import { leaveSession, participantLeft } from '../../../src/court/participants/leaveSession.ts';
import { given, NOW } from '../../support/given.ts';
import { petitioner, petitionerJoined, respondent, SEAT, sessionThatIs } from '../../support/matchFixture.ts';

const left = participantLeft({ participant_id: SEAT, user_id: petitioner.id });

test('a participant leaves, and the seat stays theirs', () => {
  const verdict = given(...sessionThatIs.active, petitionerJoined)
    .when(leaveSession, {}, petitioner)
    .then(left);
  expect(verdict!.result).toMatchObject({ id: SEAT, status: 'disconnected', left_at: NOW, connection_count: 1 });
});

test('nobody leaves twice', () => {
  given(...sessionThatIs.active, petitionerJoined, left)
    .when(leaveSession, {}, petitioner)
    .then('not_joined', { status: 409 });
});

test('who never came cannot leave', () => {
  given(...sessionThatIs.active, petitionerJoined)
    .when(leaveSession, {}, respondent)
    .then('not_joined');
});

test('a completed session has let everybody go already', () => {
  given(...sessionThatIs.completed)
    .when(leaveSession, {}, petitioner)
    .then('session_completed');
});
