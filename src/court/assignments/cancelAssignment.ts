/**
 * A match is called off before it begins. A session that waits for it cannot be started any more, and who came early
 * leaves the room. One that is under way is not called off but completed: what was said in it is on record.
 */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privately, privateText } from '../../core/definitions/privateText.ts';
import { update } from '../../core/definitions/write.ts';
import { reject } from '../problems.ts';
import { sessionStream, theSession } from '../sessions/session.ts';
import { emptied, emptiedUpdates } from '../sessions/sessionTransitions.ts';
import { assignmentStream, theAssignment } from './assignment.ts';
import { assignmentAnswer } from './assignmentResource.ts';
import { matchResult, OVER_CODES, openSession, refuseOver } from './matchCommand.ts';

const MAX_REASON = 500;

export const assignmentCancelled = defineEvent({
  stream: assignmentStream,
  type: 'ASSIGNMENT_CANCELLED',
  payload: z.strictObject({ reason: privateText }),
  evolve: (assignment, { at, payload }) => ({ ...assignment!, cancelled_at: at, cancel_reason: payload.reason }),
  project: ({ at, payload }, assignment) => [
    update('assignments', { id: assignment!.id }, { cancelled_at: at, cancel_reason: payload.reason }),
  ],
  erased: () => ({ reason: '' }),
});

/** Tells the listeners of the session. Its state stays as it is: it never began. */
export const sessionCancelled = defineEvent({
  stream: sessionStream,
  type: 'SESSION_CANCELLED',
  payload: z.strictObject({ reason: privateText }),
  evolve: (session, { at }) => emptied(session, at),
  project: (_, session) => emptiedUpdates(session),
});

const body = z.strictObject({ reason: privately(z.string().min(1).max(MAX_REASON)) });

export const cancelAssignment = defineCommand({
  name: 'assignment.cancel',
  route: 'POST /api/assignment/:assignment_id/cancel',
  summary: 'Call a match off before it begins',
  who: ADMINS,
  admits: mayOfficiate,
  locks: ({ assignment_id }, { session_id }) => [
    theAssignment(assignment_id),
    session_id === null ? null : theSession(session_id),
  ],
  facts: openSession,
  body,
  decide(states, { input: { reason } }, session_id) {
    const refusal = refuseOver(states, session_id);
    if (refusal) return refusal;
    const { session } = states;
    if (session && session.status !== 'pending') {
      return reject('session_under_way', `The session is ${session.status}: complete it instead.`, {
        from: session.status,
      });
    }
    return [assignmentCancelled({ reason }), ...(session ? [sessionCancelled({ reason })] : [])];
  },
  resource: assignmentAnswer,
  result: matchResult,
  records: [assignmentCancelled, sessionCancelled],
  rejects: [...OVER_CODES, 'session_under_way'],
});
