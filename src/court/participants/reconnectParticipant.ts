/**
 * A participant whose sockets were lost has one again, in time or later: they are connected. One that left by their own word
 * comes back only by their own word, by joining.
 */
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { reject } from '../problems.ts';
import { theSession } from '../sessions/session.ts';
import { participantReconnected } from './joinSession.ts';
import { findParticipant, ofParticipant, PARTICIPANT_CODES, participantOfInput, presenceCommand } from './presence.ts';

export const reconnectParticipant = defineSystemCommand({
  name: 'participant.reconnect',
  summary: 'Give a participant back their place, of whom a socket is seen again',
  body: ofParticipant,
  within: 'session_id',
  locks: ({ session_id }) => [theSession(session_id)],
  decide(states, { input: { session_id, user_id } }) {
    const known = findParticipant(states, user_id);
    if (isRejection(known)) return known;
    const { id: participant_id, connection_count } = known;
    if (presenceCommand({ ...known, session_id }, true) === undefined) {
      return reject('not_stale', 'Nobody waits for them.', { from: known.status });
    }
    return [participantReconnected({ participant_id, user_id, connection_count: connection_count + 1 })];
  },
  result: participantOfInput,
  records: [participantReconnected],
  rejects: [...PARTICIPANT_CODES, 'not_stale'],
});
