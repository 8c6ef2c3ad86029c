/** Who has lost their last socket keeps the place for a while. */
import { expect, test } from 'vitest';
import { awaitParticipant, participantReconnecting } from '../../../src/court/participants/awaitParticipant.ts';
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

const body = { session_id: SESSION, user_id: petitioner.id };
const who = { participant_id: SEAT, user_id: petitioner.id };
const reconnecting = participantReconnecting(who);

test.each(['pending', 'active', 'paused'] as const)('they are waited for while the session is %s', (status) => {
  const { result, states } = given(...sessionThatIs[status], petitionerJoined)
    .when(awaitParticipant, body, system)
    .then(reconnecting)!;
  expect(result).toMatchObject({ id: SEAT, status: 'reconnecting', left_at: null, connection_count: 1 });
  expect(result).not.toHaveProperty('unseen_since');
  expect(states.session.participants[petitioner.id].unseen_since).toBe(NOW);
});

test('they are waited for once, and not when they left', () => {
  given(...sessionThatIs.active, petitionerJoined, reconnecting)
    .when(awaitParticipant, body, system)
    .then('not_stale', { from: 'reconnecting' });
  given(...sessionThatIs.active, petitionerJoined, participantLeft(who))
    .when(awaitParticipant, body, system)
    .then('not_stale', { from: 'disconnected' });
});

test('nobody waits for who never joined, nor after the end', () => {
  given(...sessionThatIs.active, petitionerJoined)
    .when(awaitParticipant, { ...body, user_id: respondent.id }, system)
    .then('not_joined');
  given(...sessionThatIs.completed)
    .when(awaitParticipant, body, system)
    .then('session_completed');
});
