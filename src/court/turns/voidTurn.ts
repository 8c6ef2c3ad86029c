/**
 * A turn that was started by mistake, or waived by mistake, is void: its time does not count, and a new one that is
 * planned as the first was stands in its place in the order. What was said in it stays in the record. Where its rest was
 * planned, that goes with it, as there is nothing left for it to be the rest of.
 */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { correctionInsert } from '../corrections/correction.ts';
import { withCorrection } from '../corrections/withCorrection.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { type SessionState, sessionStream, theSession } from '../sessions/session.ts';
import { findTurn, OPEN_CODES, refusePending, refuseUnlessOpen, refuseUnlessPresiding } from './courtRefusals.ts';
import { turnOfInput, turnResource, voidedTurnAnswer } from './shownTurn.ts';
import {
  newTurn,
  type PlannedTurn,
  plannedTurn,
  restOf,
  type Turn,
  turnInsert,
  turnOfPayload,
  turns,
  turnUpdate,
  voidedTurn,
} from './turn.ts';

export const turnVoided = defineEvent({
  stream: sessionStream,
  type: 'TURN_VOIDED',
  payload: z.strictObject({
    turn_id: id,
    reason: privateText,
    /** What stands in its place. */
    turn: plannedTurn,
    /** Its rest, where that was planned: void too. */
    rest_id: id.nullable(),
  }),
  evolve(session, event) {
    const { turn_id, reason, turn, rest_id } = event.payload;
    const { state: former_state } = turnOfPayload(session.turns, { turn_id });
    const turns = session.turns.flatMap((one) => {
      if (one.id === turn_id) return [voidedTurn(one, event.at), newTurn(turn)];
      return [one.id === rest_id ? voidedTurn(one, event.at) : one];
    });
    return withCorrection({ ...session, turns }, event, {
      ...{ subject: 'turn', subject_id: turn_id, former_state },
      ...{ former_ruling: null, former_ruled_by: null, former_ruled_at: null },
      ...{ state: 'voided', ruling: null, reason, replaced_by: turn.id },
    });
  },
  project: ({ payload: { turn_id, turn, rest_id } }, session) => [
    ...[turn_id, rest_id].flatMap((one) =>
      one === null ? [] : [turnUpdate(turnOfPayload(session.turns, { turn_id: one }))],
    ),
    turnInsert(session.id, newTurn(turn)),
    correctionInsert(session),
  ],
  erased: (payload) => ({ ...payload, reason: '' }),
});

const body = z.strictObject({ turn_id: id, reason: remark });

export const voidTurn = defineCommand({
  name: 'turn.void',
  route: 'POST /api/session/:session_id/turn/void',
  summary: 'Take back a turn that was started, or waived, by mistake',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [turns],
  body,
  decide({ session, assignment }, { id, input, actor }) {
    const refusal = refuseUnlessOpen(session) ?? refuseStranger(assignment, actor);
    if (refusal) return refusal;
    const junior = actor.role === 'judge' ? refuseUnlessPresiding(assignment, actor) : undefined;
    if (junior) return junior;
    const turn = findTurn(session, input.turn_id);
    if (isRejection(turn)) return turn;
    const obstacle = refuseVoid(session, turn);
    if (obstacle) return obstacle;
    const { turn_id, reason } = input;
    const rest_id = restOf(session.turns, turn)?.id ?? null;
    return [turnVoided({ turn_id, reason, turn: plannedAnew(turn, id), rest_id })];
  },
  resource: voidedTurnAnswer,
  result(applied, { id, input }) {
    const { states, heads } = applied;
    const replacement = turnOfPayload(states.session.turns, { turn_id: id });
    const shown = turnResource(replacement, states.session.format, heads.session!.occurred_at!);
    return { ...turnOfInput(applied, { input }), replacement: shown };
  },
  records: [turnVoided],
  rejects: [
    ...OPEN_CODES,
    ...STRANGER_CODES,
    'not_presiding',
    'not_found',
    'turn_planned',
    'turn_voided',
    'turn_continued',
    'objection_pending',
  ],
});

function refuseVoid(session: SessionState, turn: Turn) {
  if (turn.state === 'planned') return reject('turn_planned', 'The turn has not begun.');
  if (turn.state === 'voided') return reject('turn_voided', 'The turn is void already.');
  const rest = restOf(session.turns, turn);
  if (rest && rest.state !== 'planned') {
    return reject('turn_continued', 'Its rest has begun: void that first.', { turn_id: rest.id });
  }
  return turn.state === 'active' ? refusePending(session) : undefined;
}

/** As it was planned first: an extension was for the speech that is void. */
function plannedAnew(turn: Turn, id: string): PlannedTurn {
  const { order_index, side, kind, allotted_ms, min_ms, protected_ms, objections, continues } = turn;
  return { id, order_index, side, kind, allotted_ms, min_ms, protected_ms, objections, continues };
}
