/** What the commands on exhibits have in common: when they are heard, and from whom. */

import type { Actor } from '../../core/definitions/actor.ts';
import type { Rejection } from '../../core/definitions/problem.ts';
import { type AssignmentState, rosterEntry, sideOf } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import type { SessionState } from '../sessions/session.ts';
import { refuseStranger, STRANGER_CODES } from '../turns/courtCommand.ts';
import type { Exhibit } from './exhibit.ts';

/** Exhibits are prepared before the session begins, and in a recess. */
export function refuseCompleted({ status }: SessionState): Rejection | undefined {
  return status === 'completed' ? reject('session_completed', 'The session is completed.') : undefined;
}

/** The bench, or counsel of the exhibit's side. */
export function refuseOtherSide(assignment: AssignmentState, actor: Actor, { side }: Exhibit): Rejection | undefined {
  if (actor.role !== 'participant') return refuseStranger(assignment, actor);
  const own = sideOf(rosterEntry(assignment, actor.id)?.role);
  if (own === null) return reject('role_not_on_roster', 'The roster does not name you as counsel.');
  return own === side ? undefined : reject('not_own_side', `This is an exhibit of the ${side}.`);
}

export const SIDE_CODES = [...STRANGER_CODES, 'not_own_side'] as const;
