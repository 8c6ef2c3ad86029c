/** Who was waited for, or given up, has a socket again. */
import { expect, test } from 'vitest';
import { participantReconnecting } from '../../../src/court/participants/awaitParticipant.ts';
import { LOST_REASON, participantLost } from '../../../src/court/participants/expireParticipants.ts';
import { participantReconnected } from '../../../src/court/participants/joinSession.ts';
import { participantLeft } from '../../../src/court/participants/leaveSession.ts';
import { UNSEEN_REASON } from '../../../src/court/participants/loseParticipant.ts';
import { reconnectParticipant } from '../../../src/court/participants/reconnectParticipant.ts';
import { given } from '../../support/given.ts';
import {
  petitioner,
  petitionerJoined,
  respondent,
  SEAT,
  SESSION,
  sessionThatIs,
  system,
} from '../../support/matchFixture.ts';

const body = { session_id: SESSION, user_id: petitioner.id };
const who = { participant_id: SEAT, user_id: petitioner.id };
const away = participantReconnecting(who);
const lost = participantLost({ ...who, reason: UNSEEN_REASON });
const back = participantReconnected({ ...who, connection_count: 2 });

test.each([
  ['in time', [away]],
  ['later', [away, lost]],
])('%s, they are connected again, and it counts', (_, events) => {
  const { result, states } = given(...sessionThatIs.active, petitionerJoined, ...events)
    .when(reconnectParticipant, body, system)
    .then(back)!;
  expect(result).toMatchObject({ id: SEAT, status: 'connected', left_at: null, connection_count: 2 });
  expect(states.session.participants[petitioner.id].unseen_since).toBeNull();
});

test.each([
  ['who left', [participantLeft(who)]],
  ['who left while they were waited for', [away, participantLeft(who)]],
  ['who was let go of in a session that did not begin', [participantLost({ ...who, reason: LOST_REASON })]],
  ['who is there', []],
  ['who came back already', [away, back]],
])('%s is not brought back by a socket', (_, events) => {
  given(...sessionThatIs.active, petitionerJoined, ...events)
    .when(reconnectParticipant, body, system)
    .then('not_stale');
});

test('nor who never joined, nor anybody after the end', () => {
  given(...sessionThatIs.active, petitionerJoined, away)
    .when(reconnectParticipant, { ...body, user_id: respondent.id }, system)
    .then('not_joined');
  given(...sessionThatIs.completed)
    .when(reconnectParticipant, body, system)
    .then('session_completed');
});
