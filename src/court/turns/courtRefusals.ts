/** Refusals that commands of a round have in common: for the state of the session or turn, the bench, the roster. */

import { z } from 'zod';
import type { Actor } from '../../core/definitions/actor.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { type AssignmentState, rosterEntry } from '../assignments/assignment.ts';
import { refuseIdleModerator } from '../assignments/refuseStranger.ts';
import { pendingObjection } from '../objections/objection.ts';
import { reject } from '../problems.ts';
import type { SessionState } from '../sessions/session.ts';

/** Turns are held only while the session is active. */
export function refuseUnlessActive({ status }: SessionState) {
  if (status === 'active') return undefined;
  if (status === 'completed') return reject('session_completed', 'The session is completed.');
  return reject('session_not_active', `The session is ${status}.`, { from: status });
}

/** What needs no running clock is done in a recess too. */
export function refuseUnlessOpen(session: SessionState) {
  return session.status === 'paused' ? undefined : refuseUnlessActive(session);
}

/** What only the presiding judge may do. */
export function refuseUnlessPresiding(assignment: AssignmentState, actor: Actor) {
  const entry = rosterEntry(assignment, actor.id);
  if (entry?.role !== 'judge') return reject('not_on_panel', 'The panel of this session does not name you.');
  return entry.presiding ? undefined : reject('not_presiding', 'Only the presiding judge may do this.');
}

/** In payloads of what is done for the presiding judge by another hand, which is the event's actor. */
export const hand = z.strictObject({
  judge_id: id,
  judge_name: privateText,
  /** As the roster calls the actor; null where it does not. */
  acting_name: privateText.nullable(),
});
export type Hand = z.output<typeof hand>;

/** What remains of it, and of what else stands with it, when the names are erased. */
export function withoutNames<Payload extends Hand>(payload: Payload): Payload {
  return { ...payload, judge_name: '', acting_name: null };
}

/** What a body says of it. */
export const onBehalfOf = id.optional();

/**
 * By whose hand the presiding judge acts: null for the judge's own. A clerk names the judge, so that nothing is done in
 * the name of one who was replaced meanwhile.
 */
export function findHand(assignment: AssignmentState, actor: Actor, on_behalf_of: string | undefined) {
  const refusal =
    actor.role === 'judge' ? refuseUnlessPresiding(assignment, actor) : refuseIdleModerator(assignment, actor);
  if (refusal) return refusal;
  const presiding = assignment.panel.find((one) => one.presiding)!;
  const { user_id: judge_id, name: judge_name } = presiding;
  if (judge_id !== actor.id && on_behalf_of === undefined) {
    return reject('not_presiding', 'Only the presiding judge may do this: name that judge in on_behalf_of.');
  }
  if (on_behalf_of !== undefined && on_behalf_of !== judge_id) {
    // The sender may do this, and means a bench that is another by now.
    return reject('not_presiding', 'The judge who is named does not preside.', { status: 409 });
  }
  if (judge_id === actor.id) return null;
  return { judge_id, judge_name, acting_name: rosterEntry(assignment, actor.id)?.name ?? null };
}

/** Codes of the checks above. */
export const OPEN_CODES = ['session_completed', 'session_not_active'] as const;
export const PRESIDING_CODES = ['not_on_panel', 'not_presiding'] as const;

/** The turn of that id. The door lets no unknown id in; a row that the chain does not know is no turn. */
export function findTurn({ turns }: SessionState, turn_id: string) {
  return turns.find(({ id }) => id === turn_id) ?? reject('not_found', 'The session has no such turn.');
}

/** The turn of that id, if it is the one under way. */
export function findActiveTurn(session: SessionState, turn_id: string) {
  const turn = findTurn(session, turn_id);
  if (isRejection(turn) || turn.state === 'active') return turn;
  return reject('turn_not_active', `The turn is ${turn.state}.`, { from: turn.state });
}

export const TURN_CODES = ['not_found', 'turn_not_active'] as const;

/** While a ruling is awaited nothing else happens in the turn. */
export function refusePending({ objections }: SessionState) {
  const pending = pendingObjection(objections);
  return pending && reject('objection_pending', 'An objection waits for its ruling.', { objection_id: pending.id });
}

/** The person of the roster, or a refusal. */
export function findOnRoster(assignment: AssignmentState, user_id: string, role?: string) {
  const entry = rosterEntry(assignment, user_id);
  if (entry && (role === undefined || entry.role === role)) return entry;
  return reject('not_on_roster', `The roster does not name this person${role === undefined ? '' : ` as ${role}`}.`);
}
