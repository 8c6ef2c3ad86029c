/** Participants: people of the roster who are, or were, in the courtroom. */

import type { Scope } from '../../access/scope.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { update, type Write } from '../../core/definitions/write.ts';
import { assignmentStreamName } from '../assignments/assignment.ts';
import { type Participant, type SessionState, sessionStreamName } from '../sessions/session.ts';

export const participants = defineTable({
  name: 'session_participations',
  stream: 'session',
  owner: 'session_id',
  primary_key: ['id'],
  outside: ['client_info'],
  frozen_with: 'session',
  visible: { with: 'courtroom_sessions', by: 'session_id' },
});

/** What joining and leaving have in common. */
export const personally = {
  roles: ROLES,
  target: ({ session_id }: { session_id: string }) => ({ kind: 'session' as const, id: session_id }),
  streams: ({ input }: { input: { session_id: string } }, scope: Scope) => [
    sessionStreamName(input.session_id),
    assignmentStreamName(scope.assignment_id),
  ],
};

/** The state with this participant changed. */
export function withParticipant(session: SessionState, user_id: string, changes: Partial<Participant>): SessionState {
  const participant = { ...session.participants[user_id]!, ...changes };
  return { ...session, participants: { ...session.participants, [user_id]: participant } };
}

/** The row update of a change of presence: the same columns always, so that a batch is one statement. */
export function seatUpdate({ participants }: SessionState, user_id: string): Write {
  const { id, status, left_at, connection_count, unseen_since } = participants[user_id]!;
  return update('session_participations', { id }, { status, left_at, connection_count, unseen_since });
}
