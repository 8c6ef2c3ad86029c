/** A side does without the rebuttal it has reserved. The time is gone: it goes to no other turn. */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { isRebuttal } from '../formats/format.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { sessionStream, theSession, withTurn } from '../sessions/session.ts';
import { findTurn, OPEN_CODES, refuseUnlessOpen } from './courtRefusals.ts';
import { timedTurnAnswer, turnOfInput } from './shownTurn.ts';
import { turnOfPayload, turns, turnUpdate } from './turn.ts';

export const turnRebuttalWaived = defineEvent({
  stream: sessionStream,
  type: 'TURN_REBUTTAL_WAIVED',
  payload: z.strictObject({ turn_id: id }),
  evolve: (session, { payload }) => withTurn(session, { ...turnOfPayload(session.turns, payload), state: 'waived' }),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

const body = z.strictObject({ turn_id: id });

export const waiveRebuttal = defineCommand({
  name: 'turn.waive_rebuttal',
  route: 'POST /api/session/:session_id/turn/waive_rebuttal',
  summary: 'Do without a reserved rebuttal',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [turns],
  body,
  decide({ session, assignment }, { input, actor }) {
    const refusal = refuseUnlessOpen(session) ?? refuseStranger(assignment, actor);
    if (refusal) return refusal;
    const turn = findTurn(session, input.turn_id);
    if (isRejection(turn)) return turn;
    if (!isRebuttal(turn.kind)) return reject('not_a_rebuttal', 'Only a rebuttal is waived.');
    if (turn.state !== 'planned') return reject('turn_not_planned', `The turn is ${turn.state}.`, { from: turn.state });
    if (turn.allotted_ms === 0) return reject('rebuttal_not_reserved', 'No time is reserved for it.');
    return [turnRebuttalWaived({ turn_id: turn.id })];
  },
  resource: timedTurnAnswer,
  result: turnOfInput,
  records: [turnRebuttalWaived],
  rejects: [
    ...OPEN_CODES,
    ...STRANGER_CODES,
    'not_found',
    'not_a_rebuttal',
    'turn_not_planned',
    'rebuttal_not_reserved',
  ],
});
