/** A match is called off while it has not begun; then it cannot begin any more. */
import { expect, test } from 'vitest';
import {
  assignmentCancelled,
  cancelAssignment,
  sessionCancelled,
} from '../../../src/court/assignments/cancelAssignment.ts';
import { markExhibit } from '../../../src/court/exhibits/markExhibit.ts';
import { uploadExhibit } from '../../../src/court/exhibits/uploadExhibit.ts';
import { withdrawExhibit } from '../../../src/court/exhibits/withdrawExhibit.ts';
import { participantReconnecting } from '../../../src/court/participants/awaitParticipant.ts';
import { participantLost } from '../../../src/court/participants/expireParticipants.ts';
import { joinSession } from '../../../src/court/participants/joinSession.ts';
import { UNSEEN_REASON } from '../../../src/court/participants/loseParticipant.ts';
import { reconnectParticipant } from '../../../src/court/participants/reconnectParticipant.ts';
import { createSession } from '../../../src/court/sessions/createSession.ts';
import { logEntry } from '../../../src/court/sessions/logEntry.ts';
import { startSession } from '../../../src/court/sessions/startSession.ts';
import { EXHIBIT, FACTS, uploaded } from '../../support/exhibits.ts';
import { given, NOW } from '../../support/given.ts';
import {
  ASSIGNMENT,
  admin,
  petitioner,
  petitionerJoined,
  SEAT,
  SESSION,
  scheduled,
  sessionThatIs,
  system,
} from '../../support/matchFixture.ts';

const body = { reason: 'The hall is flooded.' };
const cancelled = assignmentCancelled(body);
const open = { fact: SESSION };

test('a match without a session is called off, with the reason', () => {
  const { result } = given(scheduled).when(cancelAssignment, body, admin).then(cancelled)!;
  expect(result).toMatchObject({ id: ASSIGNMENT, cancelled_at: NOW, cancel_reason: body.reason, session_id: null });
});

test('who came early leaves the room, and the session stays as it is', () => {
  const { states, recorded } = given(...sessionThatIs.pending, petitionerJoined)
    .when(cancelAssignment, body, admin, open)
    .then(cancelled, sessionCancelled(body))!;
  expect(recorded).toEqual({ stream: `assignment:${ASSIGNMENT}`, sequence_from: 2, sequence_to: 2 });
  expect(states.session.status).toBe('pending');
  expect(states.session.participants[petitioner.id]).toMatchObject({ status: 'disconnected', left_at: NOW });
});

test('who was waited for, or given up, is not brought back by a socket', () => {
  const who = { participant_id: SEAT, user_id: petitioner.id };
  const away = participantReconnecting(who);
  for (const before of [[away], [away, participantLost({ ...who, reason: UNSEEN_REASON })]]) {
    const early = [...sessionThatIs.pending, petitionerJoined, ...before];
    const { states } = given(...early)
      .when(cancelAssignment, body, admin, open)
      .then(cancelled, sessionCancelled(body))!;
    expect(states.session.participants[petitioner.id]).toMatchObject({ status: 'disconnected', unseen_since: null });
    const seen = { session_id: SESSION, user_id: petitioner.id };
    given(...early, cancelled, sessionCancelled(body))
      .when(reconnectParticipant, seen, system)
      .then('not_stale', { from: 'disconnected' });
  }
});

test('its session takes in no exhibits and no entries any more', () => {
  const off = given(...sessionThatIs.pending, uploaded(), cancelled, sessionCancelled(body));
  const exhibit = { exhibit_id: EXHIBIT };
  off.when(logEntry, { event_type: 'NOTE', details: {} }, admin).then('assignment_cancelled', { status: 409 });
  off.when(uploadExhibit, { title: 'Late' }, petitioner, { file: FACTS }).then('assignment_cancelled');
  off.when(markExhibit, exhibit, admin).then('assignment_cancelled');
  off.when(withdrawExhibit, exhibit, petitioner).then('assignment_cancelled');
});

test('afterwards it has no session, nobody joins it and nobody starts it', () => {
  given(scheduled, cancelled)
    .when(createSession, { assignment_id: ASSIGNMENT }, admin, { id: SESSION })
    .then('assignment_cancelled', { status: 409 });
  const off = given(...sessionThatIs.pending, cancelled, sessionCancelled(body));
  off.when(joinSession, { role: 'petitioner' }, petitioner).then('assignment_cancelled');
  off.when(startSession, {}, admin).then('assignment_cancelled');
  off.when(cancelAssignment, body, admin, open).then('assignment_cancelled');
});

test.each(['active', 'paused'] as const)('a session that is %s is completed, not called off', (from) => {
  given(...sessionThatIs[from])
    .when(cancelAssignment, body, admin, open)
    .then('session_under_way', { from });
});

test('what was played was played', () => {
  given(...sessionThatIs.completed)
    .when(cancelAssignment, body, admin, open)
    .then('session_completed');
});

test('a session that was opened after the door looked is not forgotten', () => {
  given(scheduled).when(cancelAssignment, body, admin, open).then('session_exists', { session_id: SESSION });
});
