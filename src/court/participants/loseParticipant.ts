/** A participant whose last socket was lost did not come back within half a minute: they have left the room. */
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { reject } from '../problems.ts';
import { theSession } from '../sessions/session.ts';
import { participantLost } from './expireParticipants.ts';
import { AWAITED_MS, findParticipant, ofParticipant, PARTICIPANT_CODES, participantOfInput } from './presence.ts';

export const UNSEEN_REASON = 'No socket for 30 seconds.';

export const loseParticipant = defineSystemCommand({
  name: 'participant.lose',
  summary: 'Take out of the room who did not come back in time',
  body: ofParticipant,
  within: 'session_id',
  locks: ({ session_id }) => [theSession(session_id)],
  decide(states, { input: { user_id }, now }) {
    const known = findParticipant(states, user_id);
    if (isRejection(known)) return known;
    const { id: participant_id, status, unseen_since } = known;
    if (status !== 'reconnecting') return reject('not_stale', `They are ${status}.`, { from: status });
    if (Date.parse(now) - Date.parse(unseen_since!) < AWAITED_MS) {
      return reject('not_stale', 'They may still come back.', { unseen_since });
    }
    return [participantLost({ participant_id, user_id, reason: UNSEEN_REASON })];
  },
  result: participantOfInput,
  records: [participantLost],
  rejects: [...PARTICIPANT_CODES, 'not_stale'],
});
