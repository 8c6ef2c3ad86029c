/**
 * A person of the roster is replaced before the end: a sick judge, a counsel whose train does not come. The replacement
 * takes the same place; the person replaced leaves the room, and may do and see from then on only what strangers may.
 */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate, ROSTER_ROLES } from '../../access/scope.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { id, line } from '../../core/definitions/schemas.ts';
import { seatUpdate, withParticipant } from '../participants/participant.ts';
import { reject } from '../problems.ts';
import { sessionStream, theSession } from '../sessions/session.ts';
import { activeTurn } from '../turns/turn.ts';
import { type AssignmentState, assignmentStream, rosterEntry, theAssignment } from './assignment.ts';
import { assignmentAnswer } from './assignmentResource.ts';
import { matchResult, OVER_CODES, openSession, refuseOver } from './matchCommand.ts';
import { substituted, substitution, substitutionWrites } from './substitution.ts';

const MAX_REASON = 500;

export const assignmentSubstituted = defineEvent({
  stream: assignmentStream,
  type: 'ASSIGNMENT_SUBSTITUTED',
  payload: substitution,
  evolve: (assignment, { at, payload }) => substituted(assignment!, payload, at),
  project: ({ payload }, assignment) => substitutionWrites(assignment!, payload),
  erased: ({ replacement, ...payload }) => ({ ...payload, replacement: { ...replacement, name: '' }, reason: null }),
});

/** Tells the listeners of the session, and ends the seat of the person replaced, if it was ever taken. */
export const participantReplaced = defineEvent({
  stream: sessionStream,
  type: 'PARTICIPANT_REPLACED',
  payload: z.strictObject({
    participant_id: id.nullable(),
    user_id: id,
    role: z.enum(ROSTER_ROLES),
    replacement: substitution.shape.replacement,
    presiding_id: id,
  }),
  evolve(session, { at, payload: { user_id } }) {
    const known = session.participants[user_id];
    if (!known) return session;
    const left_at = known.status === 'disconnected' ? known.left_at : at;
    return withParticipant(session, user_id, { status: 'disconnected', left_at, unseen_since: null });
  },
  project: ({ payload: { participant_id, user_id } }, session) =>
    participant_id === null ? [] : [seatUpdate(session, user_id)],
  erased: ({ replacement, ...payload }) => ({ ...payload, replacement: { ...replacement, name: '' } }),
});

const body = z.strictObject({
  user_id: id,
  replacement: privately(z.strictObject({ user_id: id, name: line })),
  /** Of the panel as it will be. By default the role stays, and goes with a presiding judge to the replacement. */
  presiding_id: id.optional(),
  reason: privately(z.string().min(1).max(MAX_REASON)).optional(),
});

export const substituteAssignment = defineCommand({
  name: 'assignment.substitute',
  route: 'POST /api/assignment/:assignment_id/substitute',
  summary: 'Replace somebody of the roster by somebody else',
  who: ADMINS,
  admits: mayOfficiate,
  locks: ({ assignment_id }, { session_id }) => [
    theAssignment(assignment_id),
    session_id === null ? null : theSession(session_id),
  ],
  facts: openSession,
  body,
  decide(states, { input }, session_id) {
    const { assignment, session } = states;
    const { user_id, replacement, reason = null } = input;
    const refusal = refuseOver(states, session_id);
    if (refusal) return refusal;
    const entry = rosterEntry(assignment, user_id);
    if (!entry) return reject('not_on_roster', 'The roster does not name this person.');
    const turn = session && activeTurn(session.turns);
    if (turn?.speaker_id === user_id) {
      return reject('turn_active', 'They have the floor: end their turn first.', { turn_id: turn.id });
    }
    const former = assignment.replaced.find((one) => one.user_id === replacement.user_id);
    const obstacle = refuseTaken(assignment, replacement.user_id, entry.role);
    if (obstacle) return obstacle;
    const presides = assignment.panel.find(({ presiding }) => presiding)!.user_id;
    const presiding_id = input.presiding_id ?? (presides === user_id ? replacement.user_id : presides);
    const { role } = entry;
    const change = { user_id, role, replacement, returns: former !== undefined, presiding_id, reason };
    if (!substituted(assignment, change, '').panel.some(({ presiding }) => presiding)) {
      return reject('not_on_roster', 'The panel does not name who is to preside.');
    }
    const participant_id = session?.participants[user_id]?.id ?? null;
    return [
      assignmentSubstituted(change),
      ...(session ? [participantReplaced({ participant_id, user_id, role, replacement, presiding_id })] : []),
    ];
  },
  resource: assignmentAnswer,
  result: matchResult,
  records: [assignmentSubstituted, participantReplaced],
  rejects: [...OVER_CODES, 'not_on_roster', 'turn_active', 'already_on_roster'],
});

/** Each user is on a roster once. A person who was replaced may come back, into the same role: a seat keeps its role. */
function refuseTaken(assignment: AssignmentState, user_id: string, role: string) {
  if (rosterEntry(assignment, user_id)) return reject('already_on_roster', 'The roster names the replacement already.');
  const former = assignment.replaced.find((one) => one.user_id === user_id);
  if (!former || former.role === role) return undefined;
  return reject(
    'already_on_roster',
    `The replacement was on the roster as ${former.role}, and comes back only as that.`,
  );
}
