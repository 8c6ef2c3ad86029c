/** Its side, or the bench, takes an exhibit back before it is ruled on. Its number stays its own. */
import { z } from 'zod';
import type { Scope } from '../../access/scope.ts';
import { defineCommand } from '../../core/definitions/command.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { refuseCancelled } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_COUNSEL } from '../roles.ts';
import { type SessionStates, sessionStream } from '../sessions/session.ts';
import { inCourt } from '../turns/courtCommand.ts';
import { exhibitOf, exhibitOfInput, exhibitUpdate, findExhibit, withExhibit } from './exhibit.ts';
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

export const withdrawExhibit = defineCommand<z.output<typeof body> & { session_id: string }, SessionStates, Scope>({
  ...inCourt,
  name: 'exhibit.withdraw',
  route: 'POST /api/session/:session_id/exhibit/withdraw',
  summary: 'Take an exhibit back before it is ruled on',
  roles: BENCH_AND_COUNSEL,
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
  result: exhibitOfInput,
  records: [exhibitWithdrawn],
  rejects: ['session_completed', 'assignment_cancelled', ...SIDE_CODES, 'not_found', 'exhibit_decided'],
});
