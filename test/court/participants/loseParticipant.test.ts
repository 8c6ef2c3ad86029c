/** Who does not come back in half a minute has left the room. */
import { expect, test } from 'vitest';
import { participantReconnecting } from '../../../src/court/participants/awaitParticipant.ts';
import { participantLost } from '../../../src/court/participants/expireParticipants.ts';
import { participantReconnected } from '../../../src/court/participants/joinSession.ts';
import { loseParticipant, UNSEEN_REASON } from '../../../src/court/participants/loseParticipant.ts';
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
const MINUTE_MS = 60_000;
/** The last event of `given` is a minute old. */
const after = (ms: number) => ({ now: new Date(Date.parse(NOW) - MINUTE_MS + ms).toISOString() });
const away = given(...sessionThatIs.active, petitionerJoined, participantReconnecting(who));

test('after half a minute they are gone, and not a millisecond before', () => {
  away.when(loseParticipant, body, system, after(29_999)).then('not_stale', { unseen_since: after(0).now });
  const { result } = away
    .when(loseParticipant, body, system, after(30_000))
    .then(participantLost({ ...who, reason: UNSEEN_REASON }))!;
  expect(result).toMatchObject({ id: SEAT, status: 'disconnected', left_at: after(30_000).now });
});

test('who came back, or was never away, is not lost', () => {
  given(
    ...sessionThatIs.active,
    petitionerJoined,
    participantReconnecting(who),
    participantReconnected({ ...who, connection_count: 2 }),
  )
    .when(loseParticipant, body, system)
    .then('not_stale', { from: 'connected' });
  given(...sessionThatIs.active, petitionerJoined)
    .when(loseParticipant, body, system)
    .then('not_stale', { from: 'connected' });
});

test('nobody is lost who never joined, nor after the end', () => {
  away.when(loseParticipant, { ...body, user_id: respondent.id }, system).then('not_joined');
  given(...sessionThatIs.completed)
    .when(loseParticipant, body, system)
    .then('session_completed');
});
