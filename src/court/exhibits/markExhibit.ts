/** The bench or the bailiff marks an exhibit for identification: it gets the next number of its side, once and for good. */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { refuseCancelled, theAssignment } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { sessionStream, theSession } from '../sessions/session.ts';
import {
  exhibitAnswer,
  exhibitOf,
  exhibitOfInput,
  exhibits,
  exhibitUpdate,
  findExhibit,
  labelOf,
  nextNumber,
  withExhibit,
} from './exhibit.ts';
import { refuseCompleted } from './exhibitRefusals.ts';

export const exhibitMarked = defineEvent({
  stream: sessionStream,
  type: 'EXHIBIT_MARKED',
  payload: z.strictObject({ exhibit_id: id, number: z.int(), label: z.string() }),
  evolve: (session, { at, actor, payload: { exhibit_id, number } }) =>
    withExhibit(session, exhibit_id, { state: 'marked', number, marked_by: actor, marked_at: at }),
  project: ({ payload }, session) => [exhibitUpdate(exhibitOf(session, payload.exhibit_id))],
});

const body = z.strictObject({ exhibit_id: id });

export const markExhibit = defineCommand({
  name: 'exhibit.mark',
  route: 'POST /api/session/:session_id/exhibit/mark',
  summary: 'Mark an exhibit with the next number of its side',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [exhibits],
  body,
  decide({ session, assignment }, { input, actor }) {
    const refusal = refuseCompleted(session) ?? refuseCancelled(assignment) ?? refuseStranger(assignment, actor);
    if (refusal) return refusal;
    const exhibit = findExhibit(session, input.exhibit_id);
    if (isRejection(exhibit)) return exhibit;
    const { id: exhibit_id, state, side } = exhibit;
    if (state === 'withdrawn') return reject('exhibit_decided', 'The exhibit is withdrawn.', { from: state });
    if (state !== 'uploaded') {
      return reject('exhibit_marked', `The exhibit is ${labelOf(exhibit)}.`, { from: state });
    }
    const number = nextNumber(session.exhibits, side);
    return [exhibitMarked({ exhibit_id, number, label: labelOf({ side, number })! })];
  },
  resource: exhibitAnswer,
  result: exhibitOfInput,
  records: [exhibitMarked],
  rejects: [
    'session_completed',
    'assignment_cancelled',
    ...STRANGER_CODES,
    'not_found',
    'exhibit_decided',
    'exhibit_marked',
  ],
});
