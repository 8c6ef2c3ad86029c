/**
 * The presiding judge corrects a ruling on an exhibit: an admitted one is out of evidence, or a rejected one is in. The
 * first ruling stays beside it.
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
import {
  DECISIONS,
  exhibitAnswer,
  exhibitOf,
  exhibitOfInput,
  exhibits,
  exhibitUpdate,
  findExhibit,
  withExhibit,
} from './exhibit.ts';

export const exhibitCorrected = defineEvent({
  stream: sessionStream,
  type: 'EXHIBIT_CORRECTED',
  payload: z.strictObject({ exhibit_id: id, decision: z.enum(DECISIONS), reason: privateText }),
  evolve(session, event) {
    const { at, actor, payload } = event;
    const { exhibit_id, decision, reason } = payload;
    const former = exhibitOf(session, exhibit_id);
    const corrected = withCorrection(session, event, {
      ...{ subject: 'exhibit', subject_id: exhibit_id, former_state: former.state, former_ruling: former.ruling },
      ...{ former_ruled_by: former.ruled_by, former_ruled_at: former.ruled_at },
      ...{ state: decision, ruling: null, reason, replaced_by: null },
    });
    return withExhibit(corrected, exhibit_id, { state: decision, ruling: null, ruled_by: actor, ruled_at: at });
  },
  project: ({ payload }, session) => [exhibitUpdate(exhibitOf(session, payload.exhibit_id)), correctionInsert(session)],
  erased: (payload) => ({ ...payload, reason: '' }),
});

const body = z.strictObject({ exhibit_id: id, decision: z.enum(DECISIONS), reason: remark });

export const correctExhibit = defineCommand({
  name: 'exhibit.correct',
  route: 'POST /api/session/:session_id/exhibit/correct',
  summary: 'Correct a ruling on an exhibit; the first one stays in the record',
  who: ['judge'],
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [exhibits],
  body,
  decide({ session, assignment }, { input, actor }) {
    const refusal = refuseUnlessOpen(session) ?? refuseUnlessPresiding(assignment, actor);
    if (refusal) return refusal;
    const exhibit = findExhibit(session, input.exhibit_id);
    if (isRejection(exhibit)) return exhibit;
    const { id: exhibit_id, state } = exhibit;
    const { decision, reason } = input;
    if (state !== 'admitted' && state !== 'rejected') {
      return reject('exhibit_not_ruled', `The exhibit is ${state}.`, { from: state });
    }
    if (state === decision) return reject('ruling_unchanged', `The exhibit is ${state} already.`);
    return [exhibitCorrected({ exhibit_id, decision, reason })];
  },
  resource: exhibitAnswer,
  result: exhibitOfInput,
  records: [exhibitCorrected],
  rejects: [...OPEN_CODES, ...PRESIDING_CODES, 'not_found', 'exhibit_not_ruled', 'ruling_unchanged'],
});
