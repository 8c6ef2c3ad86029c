/** Markers of a question of the bench: where it begins and where it ends. The format says whether it stops the clock. */
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
import { clock, clockAt, pausedBy, resumedFrom, spokenMs } from './clock.ts';
import {
  findActiveTurn,
  findOnRoster,
  OPEN_CODES,
  refusePending,
  refuseUnlessActive,
  TURN_CODES,
} from './courtRefusals.ts';
import { expiryBefore, turnExpired } from './expireTurn.ts';
import { timedTurnAnswer, turnOfInput } from './shownTurn.ts';
import { type Turn, turnOfPayload, turns, turnUpdate } from './turn.ts';

export const turnQuestionStarted = defineEvent({
  stream: sessionStream,
  type: 'TURN_QUESTION_STARTED',
  payload: z.strictObject({ turn_id: id, judge_id: id.nullable(), stops_clock: z.boolean(), clock }),
  evolve: (session, { at, payload }) =>
    withTurn(session, asked(turnOfPayload(session.turns, payload), payload.stops_clock, at)),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

export const turnQuestionEnded = defineEvent({
  stream: sessionStream,
  type: 'TURN_QUESTION_ENDED',
  payload: z.strictObject({ turn_id: id, clock }),
  evolve: (session, { at, payload }) => withTurn(session, answered(turnOfPayload(session.turns, payload), at)),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

function asked(turn: Turn, stops_clock: boolean, at: string): Turn {
  const held = stops_clock ? pausedBy(turn, 'bench', at) : turn;
  return { ...held, questions: turn.questions + 1, question_since: at };
}

function answered(turn: Turn, at: string): Turn {
  return { ...resumedFrom(turn, 'bench', at), question_since: null };
}

const body = z.strictObject({
  turn_id: id,
  phase: z.enum(['start', 'end']),
  /** The judge who asks, where another person sets the marker. */
  judge_id: id.optional(),
});

export const markQuestion = defineCommand({
  name: 'turn.question',
  route: 'POST /api/session/:session_id/turn/question',
  summary: 'Mark where a question of the bench begins or ends',
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
    const { id: turn_id } = turn;
    if (input.phase === 'end') {
      if (turn.question_since === null) return reject('question_not_open', 'No question of the bench is open.');
      return [turnQuestionEnded({ turn_id, clock: clockAt(answered(turn, now), now) })];
    }
    const obstacle = refusePending(session) ?? refuseQuestion(turn, now);
    if (obstacle) return obstacle;
    const judge_id = input.judge_id ?? (actor.role === 'judge' ? actor.id : null);
    const judge = judge_id === null ? undefined : findOnRoster(assignment, judge_id, 'judge');
    if (judge && isRejection(judge)) return judge;
    const expiry = expiryBefore(session, turn, now);
    if (isRejection(expiry)) return expiry;
    const stops_clock = session.format?.pauses.question ?? false;
    const after = asked(turn, stops_clock, now);
    return [...expiry, turnQuestionStarted({ turn_id, judge_id, stops_clock, clock: clockAt(after, now) })];
  },
  resource: timedTurnAnswer,
  result: turnOfInput,
  records: [turnExpired, turnQuestionStarted, turnQuestionEnded],
  rejects: [
    ...OPEN_CODES,
    ...STRANGER_CODES,
    ...TURN_CODES,
    'objection_pending',
    'question_open',
    'question_not_open',
    'floor_taken',
    'time_protected',
    'not_on_roster',
    'turn_expired',
  ],
});

function refuseQuestion(turn: Turn, now: string) {
  if (turn.question_since !== null) return reject('question_open', 'A question of the bench is open.');
  if (turn.paused_by.includes('bench')) return reject('floor_taken', 'The bench has the floor.');
  const left_ms = turn.protected_ms - spokenMs(turn, now);
  return left_ms > 0 ? reject('time_protected', `The bench may ask in ${left_ms} ms.`, { left_ms }) : undefined;
}
