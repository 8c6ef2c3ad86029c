/** The bench returns the floor to the speaker: the clock goes on unless something else holds it. */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { sessionStream, theSession, withTurn } from '../sessions/session.ts';
import { clock, clockAt, resumedFrom } from './clock.ts';
import { findActiveTurn, OPEN_CODES, refuseUnlessOpen, TURN_CODES } from './courtRefusals.ts';
import { timedTurnAnswer, turnOfInput } from './shownTurn.ts';
import { turnOfPayload, turns, turnUpdate } from './turn.ts';

export const turnReturned = defineEvent({
  stream: sessionStream,
  type: 'TURN_RETURNED',
  payload: z.strictObject({ turn_id: id, clock }),
  evolve: (session, { at, payload }) =>
    withTurn(session, resumedFrom(turnOfPayload(session.turns, payload), 'bench', at)),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

const body = z.strictObject({ turn_id: id });

export const returnTurn = defineCommand({
  name: 'turn.return',
  route: 'POST /api/session/:session_id/turn/return',
  summary: 'The bench returns the floor; the clock goes on',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [turns],
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
  resource: timedTurnAnswer,
  result: turnOfInput,
  records: [turnReturned],
  rejects: [...OPEN_CODES, ...STRANGER_CODES, ...TURN_CODES, 'floor_not_taken'],
});
