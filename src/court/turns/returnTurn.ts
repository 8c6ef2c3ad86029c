/** The bench returns the floor to the speaker: the clock goes on unless something else holds it. */
import { z } from 'zod';
import type { Scope } from '../../access/scope.ts';
import { defineCommand } from '../../core/definitions/command.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { reject } from '../problems.ts';
import { type SessionStates, sessionStream, withTurn } from '../sessions/session.ts';
import { clock, clockAt, resumedFrom } from './clock.ts';
import {
  findActiveTurn,
  inCourt,
  OPEN_CODES,
  refuseStranger,
  refuseUnlessOpen,
  STRANGER_CODES,
  TURN_CODES,
} from './courtCommand.ts';
import { turnOfInput, turnOfPayload, turnUpdate } from './turn.ts';

export const turnReturned = defineEvent({
  stream: sessionStream,
  type: 'TURN_RETURNED',
  payload: z.strictObject({ turn_id: id, clock }),
  evolve: (session, { at, payload }) =>
    withTurn(session, resumedFrom(turnOfPayload(session.turns, payload), 'bench', at)),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

const body = z.strictObject({ turn_id: id });

export const returnTurn = defineCommand<z.output<typeof body> & { session_id: string }, SessionStates, Scope>({
  ...inCourt,
  name: 'turn.return',
  route: 'POST /api/session/:session_id/turn/return',
  summary: 'The bench returns the floor; the clock goes on',
  body,
  decide({ session, assignment }, { input, actor, now }) {
    const refusal = refuseUnlessOpen(session) ?? refuseStranger(assignment, actor);
    if (refusal) return refusal;
    const turn = findActiveTurn(session, input.turn_id);
    if (isRejection(turn)) return turn;
    // A question that stops the clock ends by its own marker.
    if (turn.question_since !== null || !turn.paused_by.includes('bench')) {
      return reject('floor_not_taken', 'The bench does not have the floor.');
    }
    return [turnReturned({ turn_id: turn.id, clock: clockAt(resumedFrom(turn, 'bench', now), now) })];
  },
  result: turnOfInput,
  records: [turnReturned],
  rejects: [...OPEN_CODES, ...STRANGER_CODES, ...TURN_CODES, 'floor_not_taken'],
});
