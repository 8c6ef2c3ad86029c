/** Its side, or the bench, takes an exhibit back before it is ruled on. Its number stays its own. */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { refuseCancelled, theAssignment } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_COUNSEL } from '../roles.ts';
import { sessionStream, theSession } from '../sessions/session.ts';
import {
  exhibitAnswer,
  exhibitOf,
  exhibitOfInput,
  exhibits,
  exhibitUpdate,
  findExhibit,
  withExhibit,
} from './exhibit.ts';
import { refuseCompleted, refuseOtherSide, SIDE_CODES } from './exhibitRefusals.ts';

export const exhibitWithdrawn = defineEvent({
  stream: sessionStream,
  type: 'EXHIBIT_WITHDRAWN',
  payload: z.strictObject({ exhibit_id: id }),
  evolve: (session, { at, actor, payload }) =>
    withExhibit(session, payload.exhibit_id, { state: 'withdrawn', withdrawn_by: actor, withdrawn_at: at }),
  project: ({ payload }, session) => [exhibitUpdate(exhibitOf(session, payload.exhibit_id))],
});

const body = z.strictObject({ exhibit_id: id });

export const withdrawExhibit = defineCommand({
  name: 'exhibit.withdraw',
  route: 'POST /api/session/:session_id/exhibit/withdraw',
  summary: 'Take an exhibit back before it is ruled on',
  who: BENCH_AND_COUNSEL,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [exhibits],
  body,
  decide({ session, assignment }, { input, actor }) {
    const over = refuseCompleted(session) ?? refuseCancelled(assignment);
    if (over) return over;
    const exhibit = findExhibit(session, input.exhibit_id);
    if (isRejection(exhibit)) return exhibit;
    const refusal = refuseOtherSide(assignment, actor, exhibit);
    if (refusal) return refusal;
    const { id: exhibit_id, state } = exhibit;
    if (state !== 'uploaded' && state !== 'marked' && state !== 'tendered') {
      return reject('exhibit_decided', `The exhibit is ${state}.`, { from: state });
    }
    return [exhibitWithdrawn({ exhibit_id })];
  },
  resource: exhibitAnswer,
  result: exhibitOfInput,
  records: [exhibitWithdrawn],
  rejects: ['session_completed', 'assignment_cancelled', ...SIDE_CODES, 'not_found', 'exhibit_decided'],
});
