/** The speaker has finished, or is asked to. A turn whose time ran out unnoticed is flagged first. */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { sessionStream, theSession, withTurn } from '../sessions/session.ts';
import { findActiveTurn, OPEN_CODES, refusePending, refuseUnlessOpen, TURN_CODES } from './courtRefusals.ts';
import { expiry, turnExpired } from './expireTurn.ts';
import { timedTurnAnswer, turnOfInput } from './shownTurn.ts';
import { endedTurn, turnOfPayload, turns, turnUpdate } from './turn.ts';

export const turnEnded = defineEvent({
  stream: sessionStream,
  type: 'TURN_ENDED',
  payload: z.strictObject({ turn_id: id, used_ms: z.int(), overtime_ms: z.int() }),
  evolve: (session, { at, payload }) => withTurn(session, endedTurn(turnOfPayload(session.turns, payload), at)),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

const body = z.strictObject({ turn_id: id });

export const endTurn = defineCommand({
  name: 'turn.end',
  route: 'POST /api/session/:session_id/turn/end',
  summary: 'End the turn that is under way',
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
    const pending = refusePending(session);
    if (pending) return pending;
    const late = expiry(session, turn, now);
    if (late?.ends) return [turnExpired(late)];
    const { used_ms, overtime_ms } = endedTurn(turn, now);
    const ended = turnEnded({ turn_id: turn.id, used_ms: used_ms!, overtime_ms: overtime_ms! });
    return late ? [turnExpired(late), ended] : [ended];
  },
  resource: timedTurnAnswer,
  result: turnOfInput,
  records: [turnExpired, turnEnded],
  rejects: [...OPEN_CODES, ...STRANGER_CODES, ...TURN_CODES, 'objection_pending'],
});
