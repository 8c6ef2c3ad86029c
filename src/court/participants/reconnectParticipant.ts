/**
 * A participant whose sockets were lost has one again, in time or later: they are connected. One that left by their own word
 * comes back only by their own word, by joining.
 */
import { defineSystemCommand } from '../../core/definitions/command.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { reject } from '../problems.ts';
import { participantReconnected } from './joinSession.ts';
import {
  findParticipant,
  type OfParticipant,
  ofParticipant,
  PARTICIPANT_CODES,
  type PresenceStates,
  presenceCommand,
} from './presence.ts';

export const reconnectParticipant = defineSystemCommand<OfParticipant, PresenceStates>({
  ...ofParticipant,
  name: 'participant.reconnect',
  summary: 'Give a participant back their place, of whom a socket is seen again',
  decide(states, { input: { session_id, user_id } }) {
    const known = findParticipant(states, user_id);
    if (isRejection(known)) return known;
    const { id: participant_id, connection_count } = known;
    if (presenceCommand({ ...known, session_id }, true) === undefined) {
      return reject('not_stale', 'Nobody waits for them.', { from: known.status });
    }
    return [participantReconnected({ participant_id, user_id, connection_count: connection_count + 1 })];
  },
  records: [participantReconnected],
  rejects: [...PARTICIPANT_CODES, 'not_stale'],
});
