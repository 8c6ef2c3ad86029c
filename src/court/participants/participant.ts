/** Participants: people of the roster who are, or were, in the courtroom. */

import { defineTable } from '../../core/definitions/table.ts';
import { update, type Write } from '../../core/definitions/write.ts';
import type { Participant, SessionState } from '../sessions/session.ts';

export const participants = defineTable({
  name: 'session_participations',
  stream: 'session',
  owner: 'session_id',
  primary_key: ['id'],
  outside: ['client_info'],
  frozen_with: 'session',
  visible: { with: 'courtroom_sessions', by: 'session_id' },
});

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
