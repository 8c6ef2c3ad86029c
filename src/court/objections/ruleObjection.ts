/**
 * The presiding judge rules, and the clock goes on. A reserved ruling lets the clock go on too; it may be given later,
 * once, as sustained or overruled. There is no second ruling.
 */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { sessionStream, theSession, withSource } from '../sessions/session.ts';
import { clock } from '../turns/clock.ts';
import { OPEN_CODES, PRESIDING_CODES, refuseUnlessOpen, refuseUnlessPresiding } from '../turns/courtRefusals.ts';
import { DECISIONS, objectionAnswer, objections } from './objection.ts';
import { clockWithout, decisionWrites, findObjection, objectionResult, withDecision } from './objectionClock.ts';

export const objectionRuled = defineEvent({
  stream: sessionStream,
  type: 'OBJECTION_RULED',
  payload: z.strictObject({
    objection_id: id,
    decision: z.enum(DECISIONS),
    ruling: privateText.nullable(),
    clock: clock.nullable(),
  }),
  evolve(session, event) {
    const { at, actor, payload } = event;
    const { objection_id, decision, ruling } = payload;
    const when = decision === 'reserved' ? { reserved_at: at } : { ruled_by: actor, ruled_at: at };
    const ruled = withDecision(session, objection_id, { state: decision, ruling, ...when }, at);
    return withSource(ruled, objection_id, 'ruling', event);
  },
  project: ({ payload }, session) => decisionWrites(session, payload.objection_id),
});

const body = z.strictObject({
  objection_id: id,
  decision: z.enum(DECISIONS),
  ruling: remark.optional(),
});

export const ruleObjection = defineCommand({
  name: 'objection.rule',
  route: 'POST /api/session/:session_id/objection/rule',
  summary: 'Rule on an objection, or reserve the ruling',
  who: ['judge'],
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [objections],
  body,
  decide({ session, assignment }, { input, actor, now }) {
    const refusal = refuseUnlessOpen(session) ?? refuseUnlessPresiding(assignment, actor);
    if (refusal) return refusal;
    const objection = findObjection(session, input.objection_id);
    if (isRejection(objection)) return objection;
    const { id: objection_id, state } = objection;
    const { decision, ruling = null } = input;
    if (state !== 'pending' && !(state === 'reserved' && decision !== 'reserved')) {
      return reject('objection_decided', `The objection is ${state}.`, { from: state });
    }
    return [objectionRuled({ objection_id, decision, ruling, clock: clockWithout(session, objection, now) })];
  },
  resource: objectionAnswer,
  result: ({ states }, { input }) => objectionResult(states.session, input.objection_id),
  records: [objectionRuled],
  rejects: [...OPEN_CODES, ...PRESIDING_CODES, 'not_found', 'objection_decided'],
});
