/** People take the places that the roster gives them, come back to them, and are counted. */
import { describe, expect, test } from 'vitest';
import { assignmentCancelled } from '../../../src/court/assignments/cancelAssignment.ts';
import { joinSession, participantJoined, participantReconnected } from '../../../src/court/participants/joinSession.ts';
import { participantLeft } from '../../../src/court/participants/leaveSession.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  bailiff,
  judge,
  match,
  petitioner,
  petitionerJoined,
  respondent,
  SEAT,
  sessionThatIs,
  student,
} from '../../support/matchFixture.ts';

const COMMAND = '018f3c1e-7b2a-7c11-9d0e-0000000e0000';
const roster = [
  { role: 'petitioner', actor: petitioner, name: match.petitioner[0].name },
  { role: 'respondent', actor: respondent, name: match.respondent[0].name },
  { role: 'judge', actor: judge, name: match.panel[1].name },
  { role: 'moderator', actor: bailiff, name: match.moderators[0].name },
] as const;

describe.each(['pending', 'active', 'paused'] as const)('while the session is %s', (status) => {
  test.each(roster)('the $role takes the place that the roster gives', ({ role, actor, name }) => {
    const verdict = given(...sessionThatIs[status])
      .when(joinSession, { role }, actor, { id: COMMAND })
      .then(participantJoined({ participant_id: COMMAND, user_id: actor.id, name, role }));
    expect(verdict!.result).toEqual({
      ...{ id: COMMAND, user_id: actor.id, name, role },
      ...{ status: 'connected', joined_at: NOW, left_at: null, connection_count: 1 },
    });
  });
});

test('joining again is a reconnection and counts, whether or not one left in between', () => {
  const again = { participant_id: SEAT, user_id: petitioner.id };
  const left = participantLeft(again);
  const reconnected = (connection_count: number) => participantReconnected({ ...again, connection_count });
  const joins = (...since: Parameters<typeof given>) =>
    given(...sessionThatIs.active, petitionerJoined, ...since).when(joinSession, { role: 'petitioner' }, petitioner);
  joins().then(reconnected(2));
  const verdict = joins(left).then(reconnected(2));
  expect(verdict!.result).toMatchObject({ id: SEAT, status: 'connected', left_at: null, connection_count: 2 });
  joins(left, reconnected(2), left).then(reconnected(3));
});

test('nobody takes a place that the roster does not give them', () => {
  const active = given(...sessionThatIs.active);
  active.when(joinSession, { role: 'respondent' }, petitioner).then('role_not_on_roster', { status: 403 });
  active.when(joinSession, { role: 'petitioner' }, student).then('role_not_on_roster');
  active.when(joinSession, { role: 'judge' }, admin).then('role_not_on_roster');
});

test('nobody joins a completed session, and that is said before the roster is asked', () => {
  const completed = given(...sessionThatIs.completed);
  completed.when(joinSession, { role: 'petitioner' }, petitioner).then('session_completed', { status: 409 });
  completed.when(joinSession, { role: 'judge' }, student).then('session_completed');
});

test('nobody joins a match that was called off', () => {
  given(...sessionThatIs.pending, assignmentCancelled({ reason: 'Snow.' }))
    .when(joinSession, { role: 'petitioner' }, petitioner)
    .then('assignment_cancelled');
});

test('client_info stays out of the payload: it is a column of the seat', () => {
  const client_info = { agent: 'tablet', battery: 80 };
  const { writes } = given(...sessionThatIs.active)
    .when(joinSession, { role: 'petitioner', client_info }, petitioner, { id: SEAT })
    .then(petitionerJoined)!;
  expect(writes).toMatchObject([{ table: 'session_participations', insert: true, set: { client_info } }]);
});
