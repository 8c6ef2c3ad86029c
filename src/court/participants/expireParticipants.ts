/**
 * Participants that came early to a session that did not begin, and never left, are taken out of the room by the system.
 * Where a session has begun, its completion does that. Their seats stay theirs: joining again takes them back.
 */

import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { id } from '../../core/definitions/schemas.ts';
import { reject } from '../problems.ts';
import { sessionStream, theSession } from '../sessions/session.ts';
import { sessionResult } from '../sessions/sessionResource.ts';
import { refuseUnlessSilent } from '../sessions/staleSession.ts';
import { seatUpdate, withParticipant } from './participant.ts';

export const participantLost = defineEvent({
  stream: sessionStream,
  type: 'PARTICIPANT_LOST',
  payload: z.strictObject({ participant_id: id, user_id: id, reason: privateText }),
  evolve: (session, { at, payload: { user_id } }) =>
    withParticipant(session, user_id, { status: 'disconnected', left_at: at }),
  project: ({ payload }, session) => [seatUpdate(session, payload.user_id)],
  erased: (payload) => ({ ...payload, reason: '' }),
});

export const LOST_REASON = 'No event for 12 hours, and the session has not begun.';

export const expireParticipants = defineSystemCommand({
  name: 'participants.expire',
  summary: 'Take out of the room who waits for a session that does not begin',
  body: z.strictObject({ session_id: id }),
  within: 'session_id',
  locks: ({ session_id }) => [theSession(session_id)],
  decide({ session }, { now, heads }) {
    if (session.status !== 'pending') return reject('not_stale', `The session is ${session.status}.`);
    const refusal = refuseUnlessSilent(heads.session!, now);
    if (refusal) return refusal;
    const present = Object.values(session.participants).filter(({ status }) => status !== 'disconnected');
    if (present.length === 0) return reject('not_joined', 'Nobody is in this session.');
    return present.map(({ id: participant_id, user_id }) =>
      participantLost({ participant_id, user_id, reason: LOST_REASON }),
    );
  },
  result: sessionResult,
  records: [participantLost],
  rejects: ['not_stale', 'not_joined'],
});
