/** The bench or the bailiff puts a procedural violation on record, with the turn if it was in one. */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import { insert } from '../../core/definitions/write.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { sessionStream, theSession, withSource } from '../sessions/session.ts';
import { findOnRoster, findTurn, OPEN_CODES, refuseUnlessOpen } from '../turns/courtRefusals.ts';
import { turns } from '../turns/turn.ts';
import { violationAnswer } from './violation.ts';

export const proceduralViolation = defineEvent({
  stream: sessionStream,
  type: 'PROCEDURAL_VIOLATION',
  payload: z.strictObject({
    violation_id: id,
    user_id: id,
    turn_id: id.nullable(),
    kind: z.string(),
    description: privateText,
  }),
  evolve(session, event) {
    const { at, actor, payload } = event;
    const { violation_id, ...facts } = payload;
    const violation = { id: violation_id, ...facts, recorded_by: actor, recorded_at: at };
    const recorded = { ...session, violations: [...session.violations, violation] };
    return withSource(recorded, violation_id, 'description', event);
  },
  project(_, { id, violations }) {
    const { id: violation_id, ...facts } = violations.at(-1)!;
    return [insert('procedural_violations', { id: violation_id }, { session_id: id, ...facts })];
  },
  erased: (payload) => ({ ...payload, description: '' }),
});

const body = z.strictObject({
  user_id: id,
  turn_id: id.optional(),
  /** In the words of the competition's own rules, e.g. `late_memorial`. */
  kind: z.string().regex(/^[a-z][a-z0-9_]{0,49}$/),
  description: remark,
});

export const recordViolation = defineCommand({
  name: 'violation.record',
  route: 'POST /api/session/:session_id/violation/record',
  summary: 'Put a procedural violation on record',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [turns],
  body,
  decide({ session, assignment }, { id: violation_id, input, actor }) {
    const refusal = refuseUnlessOpen(session) ?? refuseStranger(assignment, actor);
    if (refusal) return refusal;
    const { user_id, turn_id = null, kind, description } = input;
    const turn = turn_id === null ? undefined : findTurn(session, turn_id);
    if (turn && isRejection(turn)) return turn;
    const person = findOnRoster(assignment, user_id);
    if (isRejection(person)) return person;
    return [proceduralViolation({ violation_id, user_id, turn_id, kind, description })];
  },
  resource: violationAnswer,
  result: ({ states }, { id }) => ({ ...states.session.violations.find((one) => one.id === id)! }),
  records: [proceduralViolation],
  rejects: [...OPEN_CODES, ...STRANGER_CODES, 'not_found', 'not_on_roster'],
});
