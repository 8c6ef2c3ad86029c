/**
 * The presiding judge rules, and the clock goes on. A reserved ruling lets the clock go on too; it may be given later,
 * once, as sustained or overruled. There is no second ruling. A clerk enters a
 * ruling on behalf of the judge who gives it, and the record has both.
 */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent, type RecordedEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { type SessionState, sessionStream, theSession, withSource } from '../sessions/session.ts';
import { clock } from '../turns/clock.ts';
import {
  findHand,
  hand,
  OPEN_CODES,
  onBehalfOf,
  PRESIDING_CODES,
  refuseUnlessOpen,
  withoutNames,
} from '../turns/courtRefusals.ts';
import { DECISIONS, objectionAnswer, objections } from './objection.ts';
import { clockWithout, decisionWrites, findObjection, objectionResult, withDecision } from './objectionClock.ts';

const ruled = z.strictObject({
  objection_id: id,
  decision: z.enum(DECISIONS),
  ruling: privateText.nullable(),
  clock: clock.nullable(),
});

function withRuling(
  session: SessionState,
  event: RecordedEvent<z.output<typeof ruled>>,
  ruled_by: string,
): SessionState {
  const { at, payload } = event;
  const { objection_id, decision, ruling } = payload;
  const when = decision === 'reserved' ? { reserved_at: at } : { ruled_by, ruled_at: at };
  const after = withDecision(session, objection_id, { state: decision, ruling, ...when }, at);
  return withSource(after, objection_id, 'ruling', event);
}

export const objectionRuled = defineEvent({
  stream: sessionStream,
  type: 'OBJECTION_RULED',
  payload: ruled,
  evolve: (session, event) => withRuling(session, event, event.actor),
  project: ({ payload }, session) => decisionWrites(session, payload.objection_id),
  erased: (payload) => ({ ...payload, ruling: null }),
});

/** The presiding judge's ruling by another hand. */
export const objectionRuledFor = defineEvent({
  stream: sessionStream,
  type: 'OBJECTION_RULED_FOR',
  payload: ruled.extend(hand.shape),
  evolve: (session, event) => withRuling(session, event, event.payload.judge_id),
  project: ({ payload }, session) => decisionWrites(session, payload.objection_id),
  erased: (payload) => ({ ...withoutNames(payload), ruling: null }),
});

const body = z.strictObject({
  objection_id: id,
  decision: z.enum(DECISIONS),
  ruling: remark.optional(),
  on_behalf_of: onBehalfOf,
});

export const ruleObjection = defineCommand({
  name: 'objection.rule',
  route: 'POST /api/session/:session_id/objection/rule',
  summary: 'Rule on an objection, or reserve the ruling',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [objections],
  body,
  decide({ session, assignment }, { input, actor, now }) {
    const refusal = refuseUnlessOpen(session);
    if (refusal) return refusal;
    const hand = findHand(assignment, actor, input.on_behalf_of);
    if (hand && isRejection(hand)) return hand;
    const objection = findObjection(session, input.objection_id);
    if (isRejection(objection)) return objection;
    const { id: objection_id, state } = objection;
    const { decision, ruling = null } = input;
    if (state !== 'pending' && !(state === 'reserved' && decision !== 'reserved')) {
      return reject('objection_decided', `The objection is ${state}.`, { from: state });
    }
    const facts = { objection_id, decision, ruling, clock: clockWithout(session, objection, now) };
    return [hand ? objectionRuledFor({ ...facts, ...hand }) : objectionRuled(facts)];
  },
  resource: objectionAnswer,
  result: ({ states }, { input }) => objectionResult(states.session, input.objection_id),
  records: [objectionRuled, objectionRuledFor],
  rejects: [...OPEN_CODES, ...PRESIDING_CODES, 'role_not_on_roster', 'not_found', 'objection_decided'],
});
