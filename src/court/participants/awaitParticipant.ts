/** The last socket of a participant is gone. They keep their place for half a minute, in which they may come back. */
import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { reject } from '../problems.ts';
import { sessionStream, theSession } from '../sessions/session.ts';
import { seatUpdate, withParticipant } from './participant.ts';
import { findParticipant, ofParticipant, PARTICIPANT_CODES, participantOfInput } from './presence.ts';

export const participantReconnecting = defineEvent({
  stream: sessionStream,
  type: 'PARTICIPANT_RECONNECTING',
  payload: z.strictObject({ participant_id: id, user_id: id }),
  evolve: (session, { at, payload: { user_id } }) =>
    withParticipant(session, user_id, { status: 'reconnecting', unseen_since: at }),
  project: ({ payload }, session) => [seatUpdate(session, payload.user_id)],
});

export const awaitParticipant = defineSystemCommand({
  name: 'participant.await',
  summary: 'Wait for a participant whose last socket is gone',
  body: ofParticipant,
  within: 'session_id',
  locks: ({ session_id }) => [theSession(session_id)],
  decide(states, { input: { user_id } }) {
    const known = findParticipant(states, user_id);
    if (isRejection(known)) return known;
    if (known.status !== 'connected') return reject('not_stale', `They are ${known.status}.`, { from: known.status });
    return [participantReconnecting({ participant_id: known.id, user_id })];
  },
  result: participantOfInput,
  records: [participantReconnecting],
  rejects: [...PARTICIPANT_CODES, 'not_stale'],
});
