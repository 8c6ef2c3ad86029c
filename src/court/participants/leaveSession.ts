/** A participant leaves the courtroom; the seat stays theirs, and joining again takes it back. */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { id } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { sessionStream, theSession } from '../sessions/session.ts';
import { participantAnswer, participantResource } from '../sessions/sessionResource.ts';
import { seatUpdate, withParticipant } from './participant.ts';

export const participantLeft = defineEvent({
  stream: sessionStream,
  type: 'PARTICIPANT_LEFT',
  payload: z.strictObject({ participant_id: id, user_id: id }),
  evolve: (session, { at, payload: { user_id } }) =>
    withParticipant(session, user_id, { status: 'disconnected', left_at: at, unseen_since: null }),
  project: ({ payload }, session) => [seatUpdate(session, payload.user_id)],
});

export const leaveSession = defineCommand({
  name: 'session.leave',
  route: 'POST /api/session/:session_id/leave',
  summary: 'Leave the session',
  who: ROLES,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  body: z.strictObject({}),
  decide({ session }, { actor }) {
    if (session.status === 'completed') return reject('session_completed', 'Nobody leaves a completed session.');
    const known = session.participants[actor.id];
    if (!known || known.status === 'disconnected') return reject('not_joined', 'You are not in this session.');
    return [participantLeft({ participant_id: known.id, user_id: known.user_id })];
  },
  resource: participantAnswer,
  result: ({ states }, { actor }) => participantResource(states.session.participants[actor.id]!),
  records: [participantLeft],
  rejects: ['session_completed', 'not_joined'],
});
