/**
 * A side keeps time for its rebuttal: first what it has allotted to no turn, then from its own arguments (or closings),
 * before the first of them begins.
 */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { duration, type Format, isRebuttal } from '../formats/format.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { sessionStream, theSession, withTurn } from '../sessions/session.ts';
import { findTurn, OPEN_CODES, refuseUnlessOpen } from './courtRefusals.ts';
import { timedTurnAnswer, turnOfInput } from './shownTurn.ts';
import { donorsOf, freeTimeMs, takeFrom } from './sideTime.ts';
import { type Turn, turnOfPayload, turns, turnUpdate } from './turn.ts';

export const turnRebuttalReserved = defineEvent({
  stream: sessionStream,
  type: 'TURN_REBUTTAL_RESERVED',
  payload: z.strictObject({
    turn_id: id,
    reserved_ms: z.int(),
    /** What every turn has whose time changes, the rebuttal among them. */
    allotted: z.array(z.strictObject({ turn_id: id, allotted_ms: z.int() })),
  }),
  evolve: (session, { payload }) =>
    payload.allotted.reduce((state, { allotted_ms, ...named }) => {
      return withTurn(state, { ...turnOfPayload(state.turns, named), allotted_ms });
    }, session),
  project: ({ payload }, { turns }) => payload.allotted.map((named) => turnUpdate(turnOfPayload(turns, named))),
});

const body = z.strictObject({ turn_id: id, reserved_ms: duration });

export const reserveRebuttal = defineCommand({
  name: 'turn.reserve_rebuttal',
  route: 'POST /api/session/:session_id/turn/reserve_rebuttal',
  summary: 'Keep time of a side for its rebuttal',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [turns],
  body,
  decide({ session, assignment }, { input, actor }) {
    const refusal = refuseUnlessOpen(session) ?? refuseStranger(assignment, actor);
    if (refusal) return refusal;
    const { turn_id, reserved_ms } = input;
    const turn = findTurn(session, turn_id);
    if (isRejection(turn)) return turn;
    const donors = donorsOf(session, turn.side);
    const obstacle = refuseReservation(session.format, turn, donors, reserved_ms);
    if (obstacle) return obstacle;
    const wanted_ms = reserved_ms - turn.allotted_ms;
    const free_ms = Math.min(freeTimeMs(session, turn.side), Math.max(0, wanted_ms));
    const changed = takeFrom(donors, wanted_ms - free_ms);
    if (!changed) return reject('time_not_available', 'The side has not so much to give.');
    return [
      turnRebuttalReserved({ turn_id, reserved_ms, allotted: [...changed, { turn_id, allotted_ms: reserved_ms }] }),
    ];
  },
  resource: timedTurnAnswer,
  result: turnOfInput,
  records: [turnRebuttalReserved],
  rejects: [
    ...OPEN_CODES,
    ...STRANGER_CODES,
    'not_found',
    'not_a_rebuttal',
    'turn_not_planned',
    'rebuttal_fixed',
    'rebuttal_out_of_bounds',
    'time_not_available',
  ],
});

function refuseReservation(format: Format | null, turn: Turn, donors: Turn[], reserved_ms: number) {
  const bounds = format?.rebuttal;
  if (!bounds || !isRebuttal(turn.kind)) return reject('not_a_rebuttal', 'The format reserves no time for this turn.');
  if (turn.state !== 'planned') return reject('turn_not_planned', `The turn is ${turn.state}.`, { from: turn.state });
  if (bounds.fixed && turn.allotted_ms > 0) return reject('rebuttal_fixed', 'It is reserved, and fixed.');
  if (donors.some(({ state }) => state !== 'planned')) {
    return reject('rebuttal_fixed', 'The turns that it takes its time from have begun.');
  }
  const { min_ms, max_ms, step_ms } = bounds;
  if (reserved_ms >= min_ms && reserved_ms <= max_ms && reserved_ms % step_ms === 0) return undefined;
  const detail = `A rebuttal has ${min_ms} to ${max_ms} ms in steps of ${step_ms}.`;
  return reject('rebuttal_out_of_bounds', detail, { min_ms, max_ms, step_ms });
}
