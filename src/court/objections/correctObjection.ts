/**
 * The presiding judge corrects a ruling on an objection: it holds from then on, and the first one stays beside it. The
 * clock has gone on long since. One that is corrected to reserved is ruled on again later.
 */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { correctionInsert } from '../corrections/correction.ts';
import { withCorrection } from '../corrections/withCorrection.ts';
import { reject } from '../problems.ts';
import { sessionStream, theSession } from '../sessions/session.ts';
import { OPEN_CODES, PRESIDING_CODES, refuseUnlessOpen, refuseUnlessPresiding } from '../turns/courtRefusals.ts';
import { DECISIONS, objectionAnswer, objections, objectionUpdate } from './objection.ts';
import { findObjection, objectionOf, objectionResult } from './objectionClock.ts';

export const objectionCorrected = defineEvent({
  stream: sessionStream,
  type: 'OBJECTION_CORRECTED',
  payload: z.strictObject({
    objection_id: id,
    decision: z.enum(DECISIONS),
    ruling: privateText.nullable(),
    reason: privateText,
  }),
  evolve(session, event) {
    const { at, actor, payload } = event;
    const { objection_id, decision, ruling, reason } = payload;
    const former = objectionOf(session, objection_id);
    const when =
      decision === 'reserved' ? { reserved_at: at, ruled_by: null, ruled_at: null } : { ruled_by: actor, ruled_at: at };
    const objection = { ...former, state: decision, ruling, ...when };
    const corrected = withCorrection(session, event, {
      ...{ subject: 'objection', subject_id: objection_id, former_state: former.state, former_ruling: former.ruling },
      ...{ former_ruled_by: former.ruled_by, former_ruled_at: former.ruled_at },
      ...{ state: decision, ruling, reason, replaced_by: null },
    });
    return {
      ...corrected,
      objections: corrected.objections.map((one) => (one.id === objection_id ? objection : one)),
    };
  },
  project: ({ payload }, session) => [
    objectionUpdate(objectionOf(session, payload.objection_id)),
    correctionInsert(session),
  ],
  erased: (payload) => ({ ...payload, ruling: null, reason: '' }),
});

const body = z.strictObject({
  objection_id: id,
  decision: z.enum(DECISIONS),
  ruling: remark.optional(),
  reason: remark,
});

export const correctObjection = defineCommand({
  name: 'objection.correct',
  route: 'POST /api/session/:session_id/objection/correct',
  summary: 'Correct a ruling on an objection; the first one stays in the record',
  who: ['judge'],
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [objections],
  body,
  decide({ session, assignment }, { input, actor }) {
    const refusal = refuseUnlessOpen(session) ?? refuseUnlessPresiding(assignment, actor);
    if (refusal) return refusal;
    const objection = findObjection(session, input.objection_id);
    if (isRejection(objection)) return objection;
    const { id: objection_id, state } = objection;
    const { decision, ruling = null, reason } = input;
    if (state !== 'sustained' && state !== 'overruled') {
      return reject('objection_not_ruled', `The objection is ${state}.`, { from: state });
    }
    if (state === decision && objection.ruling === ruling) {
      return reject('ruling_unchanged', 'This is the ruling already.');
    }
    return [objectionCorrected({ objection_id, decision, ruling, reason })];
  },
  resource: objectionAnswer,
  result: ({ states }, { input }) => objectionResult(states.session, input.objection_id),
  records: [objectionCorrected],
  rejects: [...OPEN_CODES, ...PRESIDING_CODES, 'not_found', 'objection_not_ruled', 'ruling_unchanged'],
});
