/** Who waits for a session that does not begin is taken out of the room when its record is silent, and comes back by joining. */
import { expect, test } from 'vitest';
import {
  expireParticipants,
  LOST_REASON,
  participantLost,
} from '../../../src/court/participants/expireParticipants.ts';
import { participantJoined } from '../../../src/court/participants/joinSession.ts';
import { participantLeft } from '../../../src/court/participants/leaveSession.ts';
import { given, NOW } from '../../support/given.ts';
import {
  petitioner,
  petitionerJoined,
  respondent,
  SEAT,
  SESSION,
  sessionThatIs,
  system,
} from '../../support/matchFixture.ts';

const OTHER_SEAT = '018f3c1e-7b2a-7c11-9d0e-0000000e0000';
const respondentJoined = participantJoined({
  participant_id: OTHER_SEAT,
  user_id: respondent.id,
  name: 'Rui Santos',
  role: 'respondent',
});
const lost = (participant_id: string, user_id: string) =>
  participantLost({ participant_id, user_id, reason: LOST_REASON });
const later = new Date(Date.parse(NOW) + 12 * 3_600_000).toISOString();
const body = { session_id: SESSION };

test('everybody who is still in the room is taken out of it at once', () => {
  const { states, result } = given(...sessionThatIs.pending, petitionerJoined, respondentJoined)
    .when(expireParticipants, body, system, { now: later })
    .then(lost(SEAT, petitioner.id), lost(OTHER_SEAT, respondent.id))!;
  for (const { id } of [petitioner, respondent]) {
    expect(states.session.participants[id]).toMatchObject({ status: 'disconnected', left_at: later });
  }
  expect(result).toMatchObject({ id: SESSION, status: 'pending', participants_count: 2 });
});

test('who left before keeps that time', () => {
  const left = participantLeft({ participant_id: SEAT, user_id: petitioner.id });
  const { states } = given(...sessionThatIs.pending, petitionerJoined, respondentJoined, left)
    .when(expireParticipants, body, system, { now: later })
    .then(lost(OTHER_SEAT, respondent.id))!;
  expect(states.session.participants[petitioner.id].left_at < NOW).toBe(true);
});

test('while something happens, and once the session has begun, nobody is taken out', () => {
  given(...sessionThatIs.pending, petitionerJoined)
    .when(expireParticipants, body, system)
    .then('not_stale');
  for (const status of ['active', 'paused', 'completed'] as const) {
    given(...sessionThatIs[status])
      .when(expireParticipants, body, system, { now: later })
      .then('not_stale');
  }
});

test('an empty room has nobody to lose', () => {
  given(...sessionThatIs.pending)
    .when(expireParticipants, body, system, { now: later })
    .then('not_joined');
});
