/**
 * What the commands on a scheduled match have in common. They lock its session's stream too, where there is a session;
 * one that was opened between the door and the lock is not locked, so the command is to be sent again.
 */

import type { FactSource } from '../../core/definitions/command.ts';
import { reject } from '../problems.ts';
import type { SessionState } from '../sessions/session.ts';
import { type AssignmentState, refuseCancelled } from './assignment.ts';
import { assignmentResource } from './assignmentResource.ts';

export interface MatchStates {
  assignment: AssignmentState;
  /** Absent where none is open. */
  session?: SessionState;
}

interface Named {
  assignment_id: string;
}

/** The id of the assignment's session, as it is under the lock. */
export const openSession: FactSource<Named, string> = {
  key: ({ input }) => input.assignment_id,
  async load(db, assignment_ids) {
    const text = 'select assignment_id, id from courtroom_sessions where assignment_id = any($1)';
    const { rows } = await db.query<{ assignment_id: string; id: string }>(text, [assignment_ids]);
    return new Map(rows.map((row) => [row.assignment_id, row.id]));
  },
};

/** The match as it is right after the command. */
export function matchResult({ states: { assignment, session } }: { states: MatchStates }) {
  return assignmentResource(assignment, session?.id ?? null);
}

/** Its session is the one that is locked. */
export function refuseOpened({ session }: Pick<MatchStates, 'session'>, session_id: string | undefined) {
  if (session?.id === session_id) return undefined;
  return reject('session_exists', 'A session was opened meanwhile: send this again.', { session_id });
}

/** A match that was called off or played changes no more. */
export function refuseOver(states: MatchStates, session_id: string | undefined) {
  const { assignment, session } = states;
  const opened = refuseOpened(states, session_id);
  if (opened) return opened;
  if (session?.status === 'completed') return reject('session_completed', 'The session is completed.');
  return refuseCancelled(assignment);
}

export const OVER_CODES = ['session_exists', 'session_completed', 'assignment_cancelled'] as const;
