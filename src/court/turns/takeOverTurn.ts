/** The bench takes the floor from the speaker: the clock stands until it is returned, whatever the format says. */
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
import { clock, clockAt, pausedBy } from './clock.ts';
import { findActiveTurn, OPEN_CODES, refusePending, refuseUnlessActive, TURN_CODES } from './courtRefusals.ts';
import { expiryBefore, turnExpired } from './expireTurn.ts';
import { timedTurnAnswer, turnOfInput } from './shownTurn.ts';
import { turnOfPayload, turns, turnUpdate } from './turn.ts';

export const turnTakenOver = defineEvent({
  stream: sessionStream,
  type: 'TURN_TAKEN_OVER',
  payload: z.strictObject({ turn_id: id, clock }),
  evolve: (session, { at, payload }) => withTurn(session, pausedBy(turnOfPayload(session.turns, payload), 'bench', at)),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

const body = z.strictObject({ turn_id: id });

export const takeOverTurn = defineCommand({
  name: 'turn.take_over',
  route: 'POST /api/session/:session_id/turn/take_over',
  summary: 'The bench takes the floor; the clock stands',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [turns],
  body,
  decide({ session, assignment }, { input, actor, now }) {
    const refusal = refuseUnlessActive(session) ?? refuseStranger(assignment, actor);
    if (refusal) return refusal;
    const turn = findActiveTurn(session, input.turn_id);
    if (isRejection(turn)) return turn;
    const pending = refusePending(session);
    if (pending) return pending;
    if (turn.question_since !== null) return reject('question_open', 'A question of the bench is open.');
    if (turn.paused_by.includes('bench')) return reject('floor_taken', 'The bench has the floor.');
    const expiry = expiryBefore(session, turn, now);
    if (isRejection(expiry)) return expiry;
    return [...expiry, turnTakenOver({ turn_id: turn.id, clock: clockAt(pausedBy(turn, 'bench', now), now) })];
  },
  resource: timedTurnAnswer,
  result: turnOfInput,
  records: [turnExpired, turnTakenOver],
  rejects: [
    ...OPEN_CODES,
    ...STRANGER_CODES,
    ...TURN_CODES,
    'objection_pending',
    'question_open',
    'floor_taken',
    'turn_expired',
  ],
});
