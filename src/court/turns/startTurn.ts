/** The bench gives somebody of the side the floor: the turn becomes the active one, and its clock runs. */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { isRebuttal } from '../formats/format.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { type SessionState, sessionStream, theSession, withSource, withTurn } from '../sessions/session.ts';
import { clock, clockAt } from './clock.ts';
import { findOnRoster, findTurn, OPEN_CODES, refusePending, refuseUnlessActive } from './courtRefusals.ts';
import { timedTurnAnswer, turnOfInput } from './shownTurn.ts';
import { activeTurn, type Turn, turnOfPayload, turns, turnUpdate } from './turn.ts';

export const turnStarted = defineEvent({
  stream: sessionStream,
  type: 'TURN_STARTED',
  payload: z.strictObject({ turn_id: id, speaker_id: id, speaker_name: privateText, clock }),
  evolve(session, event) {
    const { turn_id, speaker_id, speaker_name } = event.payload;
    const turn = turnOfPayload(session.turns, event.payload);
    const started = withTurn(session, { ...turn, state: 'active', speaker_id, speaker_name, started_at: event.at });
    return withSource(started, turn_id, 'speaker_name', event);
  },
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
  erased: (payload) => ({ ...payload, speaker_name: '' }),
});

const body = z.strictObject({ turn_id: id, speaker_id: id });

export const startTurn = defineCommand({
  name: 'turn.start',
  route: 'POST /api/session/:session_id/turn/start',
  summary: 'Give a speaker the floor and start the clock',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [turns],
  body,
  decide({ session, assignment }, { input, actor, now }) {
    const refusal = refuseUnlessActive(session) ?? refuseStranger(assignment, actor);
    if (refusal) return refusal;
    const turn = findTurn(session, input.turn_id);
    if (isRejection(turn)) return turn;
    const obstacle = refuseUnready(session, turn);
    if (obstacle) return obstacle;
    const speaker = findOnRoster(assignment, input.speaker_id, turn.side);
    if (isRejection(speaker)) return speaker;
    const { user_id: speaker_id, name: speaker_name } = speaker;
    const started = { ...turn, started_at: now };
    return [turnStarted({ turn_id: turn.id, speaker_id, speaker_name, clock: clockAt(started, now) })];
  },
  resource: timedTurnAnswer,
  result: turnOfInput,
  records: [turnStarted],
  rejects: [
    ...OPEN_CODES,
    ...STRANGER_CODES,
    'not_found',
    'turn_active',
    'objection_pending',
    'turn_not_planned',
    'rebuttal_not_reserved',
    'not_on_roster',
  ],
});

function refuseUnready(session: SessionState, turn: Turn) {
  const active = activeTurn(session.turns);
  if (active) return reject('turn_active', 'Another turn is under way.', { turn_id: active.id });
  const pending = refusePending(session);
  if (pending) return pending;
  if (turn.state !== 'planned') return reject('turn_not_planned', `The turn is ${turn.state}.`, { from: turn.state });
  const owed = session.turns.find((one) => {
    const isNeeded = one === turn || (session.format?.rebuttal?.required && one.side === turn.side);
    return isNeeded && isRebuttal(one.kind) && one.allotted_ms === 0;
  });
  return owed && reject('rebuttal_not_reserved', 'The rebuttal is to be reserved first.', { turn_id: owed.id });
}
