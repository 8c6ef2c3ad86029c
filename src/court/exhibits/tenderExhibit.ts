/**
 * Counsel, or the bench for them, offer a marked exhibit in evidence while a speaker has the floor. A rejected one may be
 * offered again: the ruling on it is then awaited anew.
 */
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
import { OPEN_CODES, refusePending, refuseUnlessActive } from '../turns/courtRefusals.ts';
import { activeTurn } from '../turns/turn.ts';
import {
  type Exhibit,
  exhibitAnswer,
  exhibitOf,
  exhibitOfInput,
  exhibits,
  exhibitUpdate,
  findExhibit,
  withExhibit,
} from './exhibit.ts';
import { refuseOtherSide, SIDE_CODES } from './exhibitRefusals.ts';

export const exhibitTendered = defineEvent({
  stream: sessionStream,
  type: 'EXHIBIT_TENDERED',
  payload: z.strictObject({ exhibit_id: id, turn_id: id }),
  evolve: (session, { at, actor, payload: { exhibit_id, turn_id } }) =>
    withExhibit(session, exhibit_id, {
      ...{ state: 'tendered', turn_id, tendered_by: actor, tendered_at: at },
      ...{ ruling: null, ruled_by: null, ruled_at: null },
    }),
  project: ({ payload }, session) => [exhibitUpdate(exhibitOf(session, payload.exhibit_id))],
});

const body = z.strictObject({ exhibit_id: id });

export const tenderExhibit = defineCommand({
  name: 'exhibit.tender',
  route: 'POST /api/session/:session_id/exhibit/tender',
  summary: 'Offer a marked exhibit, or a rejected one again, in evidence',
  who: BENCH_AND_COUNSEL,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [exhibits],
  body,
  decide({ session, assignment }, { input, actor }) {
    const closed = refuseUnlessActive(session);
    if (closed) return closed;
    const exhibit = findExhibit(session, input.exhibit_id);
    if (isRejection(exhibit)) return exhibit;
    const refusal = refuseOtherSide(assignment, actor, exhibit) ?? refuseUnlessMarked(exhibit);
    if (refusal) return refusal;
    const turn = activeTurn(session.turns);
    if (!turn) return reject('turn_not_active', 'No turn is under way: nobody has the floor.');
    return refusePending(session) ?? [exhibitTendered({ exhibit_id: exhibit.id, turn_id: turn.id })];
  },
  resource: exhibitAnswer,
  result: exhibitOfInput,
  records: [exhibitTendered],
  rejects: [
    ...OPEN_CODES,
    ...SIDE_CODES,
    ...(['not_found', 'exhibit_not_marked', 'exhibit_tendered', 'exhibit_decided'] as const),
    ...(['turn_not_active', 'objection_pending'] as const),
  ],
});

function refuseUnlessMarked({ state }: Exhibit) {
  if (state === 'marked' || state === 'rejected') return undefined;
  const from = { from: state };
  if (state === 'uploaded') return reject('exhibit_not_marked', 'The exhibit is to be marked first.', from);
  if (state === 'tendered') return reject('exhibit_tendered', 'The exhibit waits for its ruling.', from);
  return reject('exhibit_decided', `The exhibit is ${state}.`, from);
}
