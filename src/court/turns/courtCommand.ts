/** What the commands that run a round have in common: their roles, when they are heard, and which turn they mean. */

import type { Actor } from '../../core/definitions/actor.ts';
import { isRejection, type Rejection } from '../../core/definitions/problem.ts';
import { type AssignmentState, type RosterEntry, rosterEntry } from '../assignments/assignment.ts';
import { pendingObjection } from '../objections/objection.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { officially, type SessionState } from '../sessions/session.ts';
import { refuseOutsider } from '../sessions/sessionTransitions.ts';
import type { Turn } from './turn.ts';

interface Named {
  session_id: string;
  turn_id?: string | null | undefined;
  objection_id?: string;
  exhibit_id?: string;
}

/** Commands of officials and the bailiff. A turn, objection or exhibit that the input names is looked for in the session. */
export const inCourt = {
  ...officially,
  roles: BENCH_AND_BAILIFF,
  target: ({ session_id, turn_id, objection_id, exhibit_id }: Named) => ({
    kind: 'session' as const,
    id: session_id,
    parts: {
      ...(typeof turn_id === 'string' && { turn_id }),
      ...(objection_id !== undefined && { objection_id }),
      ...(exhibit_id !== undefined && { exhibit_id }),
    },
  }),
};

/** Turns are held only while the session is active. */
export function refuseUnlessActive({ status }: SessionState): Rejection | undefined {
  if (status === 'active') return undefined;
  if (status === 'completed') return reject('session_completed', 'The session is completed.');
  return reject('session_not_active', `The session is ${status}.`, { from: status });
}

/** What needs no running clock is done in a recess too. */
export function refuseUnlessOpen(session: SessionState): Rejection | undefined {
  return session.status === 'paused' ? undefined : refuseUnlessActive(session);
}

/** A judge acts where the panel names the judge, a moderator where the roster names the moderator. */
export function refuseStranger(assignment: AssignmentState, actor: Actor): Rejection | undefined {
  if (actor.role === 'moderator' && rosterEntry(assignment, actor.id)?.role !== 'moderator') {
    return reject('role_not_on_roster', 'The roster does not name you as moderator.');
  }
  return refuseOutsider(assignment, actor);
}

/** What only the presiding judge may do. */
export function refuseUnlessPresiding(assignment: AssignmentState, actor: Actor): Rejection | undefined {
  const entry = rosterEntry(assignment, actor.id);
  if (entry?.role !== 'judge') return reject('not_on_panel', 'The panel of this session does not name you.');
  return entry.presiding ? undefined : reject('not_presiding', 'Only the presiding judge may do this.');
}

/** Codes of the checks above. */
export const OPEN_CODES = ['session_completed', 'session_not_active'] as const;
export const STRANGER_CODES = ['role_not_on_roster', 'not_on_panel'] as const;
export const PRESIDING_CODES = ['not_on_panel', 'not_presiding'] as const;

/** The turn of that id. The door lets no unknown id in; a row that the chain does not know is no turn. */
export function findTurn({ turns }: SessionState, turn_id: string): Turn | Rejection {
  return turns.find(({ id }) => id === turn_id) ?? reject('not_found', 'The session has no such turn.');
}

/** The turn of that id, if it is the one under way. */
export function findActiveTurn(session: SessionState, turn_id: string): Turn | Rejection {
  const turn = findTurn(session, turn_id);
  if (isRejection(turn) || turn.state === 'active') return turn;
  return reject('turn_not_active', `The turn is ${turn.state}.`, { from: turn.state });
}

export const TURN_CODES = ['not_found', 'turn_not_active'] as const;

/** While a ruling is awaited nothing else happens in the turn. */
export function refusePending({ objections }: SessionState): Rejection | undefined {
  const pending = pendingObjection(objections);
  return pending && reject('objection_pending', 'An objection waits for its ruling.', { objection_id: pending.id });
}

/** The person of the roster, or a refusal. */
export function findOnRoster(assignment: AssignmentState, user_id: string, role?: string): RosterEntry | Rejection {
  const entry = rosterEntry(assignment, user_id);
  if (entry && (role === undefined || entry.role === role)) return entry;
  return reject('not_on_roster', `The roster does not name this person${role === undefined ? '' : ` as ${role}`}.`);
}
