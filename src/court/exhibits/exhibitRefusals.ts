/** What the commands on exhibits have in common: when they are heard, and from whom. */

import type { Actor } from '../../core/definitions/actor.ts';
import { type AssignmentState, rosterEntry, sideOf } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { reject } from '../problems.ts';
import type { SessionState } from '../sessions/session.ts';
import type { Exhibit } from './exhibit.ts';

/** Exhibits are prepared before the session begins, and in a recess. */
export function refuseCompleted({ status }: SessionState) {
  return status === 'completed' ? reject('session_completed', 'The session is completed.') : undefined;
}

/** The bench, or counsel of the exhibit's side. */
export function refuseOtherSide(assignment: AssignmentState, actor: Actor, { side }: Exhibit) {
  const stranger = refuseStranger(assignment, actor);
  if (stranger || actor.role !== 'participant') return stranger;
  const own = sideOf(rosterEntry(assignment, actor.id)?.role);
  return own === side ? undefined : reject('not_own_side', `This is an exhibit of the ${side}.`);
}

export const SIDE_CODES = [...STRANGER_CODES, 'not_own_side'] as const;
