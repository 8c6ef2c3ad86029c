/**
 * Strangers to a match: a token gives a role, and its roster does not. Judges act where the panel names them, moderators
 * where the roster does, participants where they are counsel; clerks need no place on a roster.
 */
import type { RosterRole } from '../../access/scope.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import { reject } from '../problems.ts';
import { type AssignmentState, rosterEntry, sideOf } from './assignment.ts';

export const STRANGER_CODES = ['role_not_on_roster', 'not_on_panel'] as const;

export function refuseStranger(assignment: AssignmentState, actor: Actor) {
  return refuseUnrostered(actor, rosterEntry(assignment, actor.id)?.role);
}

/** The same by what the roster calls the actor: the door knows no more of it. */
export function refuseUnrostered(actor: Actor, rostered: RosterRole | undefined) {
  if (actor.role === 'moderator' && rostered !== 'moderator') {
    return reject('role_not_on_roster', 'The roster does not name you as moderator.');
  }
  if (actor.role === 'participant' && sideOf(rostered) === null) {
    return reject('role_not_on_roster', 'The roster does not name you as counsel.');
  }
  return refuseOffPanel(actor, rostered);
}

/** Of these alone, where only officials may send a command. */
export function refuseOutsider(assignment: AssignmentState, actor: Actor) {
  // A clerk's command, the most frequent one, need not go through the roster.
  if (actor.role !== 'judge') return undefined;
  return refuseOffPanel(actor, rosterEntry(assignment, actor.id)?.role);
}

/** Moderators of the roster run a session where its match says so. */
export function refuseIdleModerator(assignment: AssignmentState, actor: Actor) {
  if (actor.role !== 'moderator') return undefined;
  const stranger = refuseStranger(assignment, actor);
  if (stranger || assignment.moderators_run) return stranger;
  return reject('role_not_on_roster', 'This match is not run by its moderators.');
}

function refuseOffPanel(actor: Actor, rostered: RosterRole | undefined) {
  if (actor.role !== 'judge' || rostered === 'judge') return undefined;
  return reject('not_on_panel', 'The panel of this session does not name you.');
}
