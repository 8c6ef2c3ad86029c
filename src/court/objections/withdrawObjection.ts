/** Counsel takes an objection back before it is ruled, also while the ruling is reserved. */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_COUNSEL } from '../roles.ts';
import { sessionStream, theSession } from '../sessions/session.ts';
import { clock } from '../turns/clock.ts';
import { OPEN_CODES, refuseUnlessOpen } from '../turns/courtRefusals.ts';
import { objectionAnswer, objections } from './objection.ts';
import { clockWithout, decisionWrites, findObjection, objectionResult, withDecision } from './objectionClock.ts';

export const objectionWithdrawn = defineEvent({
  stream: sessionStream,
  type: 'OBJECTION_WITHDRAWN',
  payload: z.strictObject({ objection_id: id, clock: clock.nullable() }),
  evolve: (session, { at, payload }) =>
    withDecision(session, payload.objection_id, { state: 'withdrawn', withdrawn_at: at }, at),
  project: ({ payload }, session) => decisionWrites(session, payload.objection_id),
});

const body = z.strictObject({ objection_id: id });

export const withdrawObjection = defineCommand({
  name: 'objection.withdraw',
  route: 'POST /api/session/:session_id/objection/withdraw',
  summary: 'Take back your objection',
  who: BENCH_AND_COUNSEL,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [objections],
  body,
  decide({ session }, { input, actor, now }) {
    const refusal = refuseUnlessOpen(session);
    if (refusal) return refusal;
    const objection = findObjection(session, input.objection_id);
    if (isRejection(objection)) return objection;
    const { id: objection_id, state, raised_by } = objection;
    if (state !== 'pending' && state !== 'reserved') {
      return reject('objection_decided', `The objection is ${state}.`, { from: state });
    }
    if (raised_by !== actor.id) return reject('not_raiser', 'Somebody else raised this objection.');
    return [objectionWithdrawn({ objection_id, clock: clockWithout(session, objection, now) })];
  },
  resource: objectionAnswer,
  result: ({ states }, { input }) => objectionResult(states.session, input.objection_id),
  records: [objectionWithdrawn],
  rejects: [...OPEN_CODES, 'not_found', 'objection_decided', 'not_raiser'],
});
