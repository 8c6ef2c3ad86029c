/** A side does without the rebuttal it has reserved. The time is gone: it goes to no other turn. */
import { z } from 'zod';
import type { Scope } from '../../access/scope.ts';
import { defineCommand } from '../../core/definitions/command.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { isRebuttal } from '../formats/format.ts';
import { reject } from '../problems.ts';
import { type SessionStates, sessionStream, withTurn } from '../sessions/session.ts';
import { findTurn, inCourt, OPEN_CODES, refuseStranger, refuseUnlessOpen, STRANGER_CODES } from './courtCommand.ts';
import { turnOfInput, turnOfPayload, turnUpdate } from './turn.ts';

export const turnRebuttalWaived = defineEvent({
  stream: sessionStream,
  type: 'TURN_REBUTTAL_WAIVED',
  payload: z.strictObject({ turn_id: id }),
  evolve: (session, { payload }) => withTurn(session, { ...turnOfPayload(session.turns, payload), state: 'waived' }),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

const body = z.strictObject({ turn_id: id });

export const waiveRebuttal = defineCommand<z.output<typeof body> & { session_id: string }, SessionStates, Scope>({
  ...inCourt,
  name: 'turn.waive_rebuttal',
  route: 'POST /api/session/:session_id/turn/waive_rebuttal',
  summary: 'Do without a reserved rebuttal',
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
