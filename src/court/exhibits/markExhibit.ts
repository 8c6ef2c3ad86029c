/** The bench or the bailiff marks an exhibit for identification: it gets the next number of its side, once and for good. */
import { z } from 'zod';
import type { Scope } from '../../access/scope.ts';
import { defineCommand } from '../../core/definitions/command.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { refuseCancelled } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { type SessionStates, sessionStream } from '../sessions/session.ts';
import { inCourt, refuseStranger, STRANGER_CODES } from '../turns/courtCommand.ts';
import { exhibitOf, exhibitOfInput, exhibitUpdate, findExhibit, labelOf, nextNumber, withExhibit } from './exhibit.ts';
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

export const markExhibit = defineCommand<z.output<typeof body> & { session_id: string }, SessionStates, Scope>({
  ...inCourt,
  name: 'exhibit.mark',
  route: 'POST /api/session/:session_id/exhibit/mark',
  summary: 'Mark an exhibit with the next number of its side',
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
