/**
 * What the commands on a scheduled match have in common. They lock its session's stream too, where there is a session;
 * one that was opened between the door and the lock is not locked, so the command is to be sent again.
 */

import { mayOfficiate, type Scope } from '../../access/scope.ts';
import { type Actor, ADMINS } from '../../core/definitions/actor.ts';
import type { FactSource } from '../../core/definitions/command.ts';
import type { Rejection } from '../../core/definitions/problem.ts';
import { reject } from '../problems.ts';
import { type SessionState, sessionStreamName } from '../sessions/session.ts';
import { type AssignmentState, assignmentResource, assignmentStreamName, refuseCancelled } from './assignment.ts';

export interface MatchStates {
  assignment: AssignmentState;
  /** Absent where none is open. */
  session?: SessionState;
}

interface Named {
  assignment_id: string;
}

/** The id of the assignment's session, as it is under the lock. */
const openSession: FactSource<Named, string> = {
  key: ({ input }) => input.assignment_id,
  async load(db, assignment_ids) {
    const text = 'select assignment_id, id from courtroom_sessions where assignment_id = any($1)';
    const { rows } = await db.query<{ assignment_id: string; id: string }>(text, [assignment_ids]);
    return new Map(rows.map((row) => [row.assignment_id, row.id]));
  },
};

export const ofMatch = {
  roles: ADMINS,
  target: ({ assignment_id }: Named) => ({ kind: 'assignment' as const, id: assignment_id }),
  admits: (actor: Actor, scope: Scope) => mayOfficiate(actor, scope),
  streams: ({ input }: { input: Named }, { session_id }: Scope) => [
    assignmentStreamName(input.assignment_id),
    ...(session_id === null ? [] : [sessionStreamName(session_id)]),
  ],
  facts: openSession,
  result: ({ states }: { states: MatchStates }) => ({
    ...assignmentResource(states.assignment, states.session?.id ?? null),
    id: states.assignment.id,
  }),
};

/** A match that was called off or played changes no more. */
export function refuseOver(
  { assignment, session }: MatchStates,
  session_id: string | undefined,
): Rejection | undefined {
  if (session?.id !== session_id) {
    return reject('session_exists', 'A session was opened meanwhile: send this again.', { session_id });
  }
  if (session?.status === 'completed') return reject('session_completed', 'The session is completed.');
  return refuseCancelled(assignment);
}

export const OVER_CODES = ['session_exists', 'session_completed', 'assignment_cancelled'] as const;
