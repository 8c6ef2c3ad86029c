/**
 * The other side, or an official, objects to what the speaker does. Where the format says so the clock stands until
 * the bench rules, so a turn has one pending objection at most.
 */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import { rosterEntry, sideOf, theAssignment } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { SIDES, type Side } from '../formats/format.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_COUNSEL } from '../roles.ts';
import { type SessionState, sessionStream, theSession, withSource } from '../sessions/session.ts';
import { clock, clockAt, pausedBy } from '../turns/clock.ts';
import { findActiveTurn, OPEN_CODES, refusePending, refuseUnlessActive, TURN_CODES } from '../turns/courtRefusals.ts';
import { expiryBefore, turnExpired } from '../turns/expireTurn.ts';
import { type Turn, turnOfPayload, turns, turnUpdate } from '../turns/turn.ts';
import { GROUNDS, isPoint } from './grounds.ts';
import { objectionAnswer, objectionInsert } from './objection.ts';
import { objectionResult, withClock } from './objectionClock.ts';

export const objectionRaised = defineEvent({
  stream: sessionStream,
  type: 'OBJECTION_RAISED',
  payload: z.strictObject({
    objection_id: id,
    turn_id: id,
    ground: z.enum(GROUNDS),
    reason: privateText.nullable(),
    side: z.enum(SIDES).nullable(),
    stops_clock: z.boolean(),
    clock,
  }),
  evolve(session, event) {
    const { at, actor, payload } = event;
    const { objection_id, stops_clock, clock: _, ...facts } = payload;
    const objection = {
      ...{ id: objection_id, ...facts, raised_by: actor, raised_at: at, state: 'pending' as const },
      ...{ ruling: null, reserved_at: null, ruled_by: null, ruled_at: null, withdrawn_at: null },
    };
    const raised = withSource(
      { ...session, objections: [...session.objections, objection] },
      objection_id,
      'reason',
      event,
    );
    return stops_clock ? withClock(raised, facts.turn_id, (turn) => pausedBy(turn, 'objection', at)) : raised;
  },
  project: ({ payload }, { id, objections, turns }) => [
    objectionInsert(id, objections.at(-1)!),
    turnUpdate(turnOfPayload(turns, payload)),
  ],
  erased: (payload) => ({ ...payload, reason: null }),
});

const body = z.strictObject({
  turn_id: id,
  ground: z.enum(GROUNDS),
  reason: remark.optional(),
});
type Input = z.output<typeof body> & { session_id: string };

export const raiseObjection = defineCommand({
  name: 'objection.raise',
  route: 'POST /api/session/:session_id/objection/raise',
  summary: 'Object to the speech that is under way',
  who: BENCH_AND_COUNSEL,
  limit: 'objection_raise',
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [turns],
  body,
  decide({ session, assignment }, { id: objection_id, input, actor, now }) {
    const refusal = refuseUnlessActive(session) ?? refuseStranger(assignment, actor);
    if (refusal) return refusal;
    const turn = findActiveTurn(session, input.turn_id);
    if (isRejection(turn)) return turn;
    const side = sideOf(rosterEntry(assignment, actor.id)?.role);
    const obstacle = refuseOwnSide(side, turn) ?? refusePending(session) ?? refuseUnheard(session, turn, input);
    if (obstacle) return obstacle;
    const expiry = expiryBefore(session, turn, now);
    if (isRejection(expiry)) return expiry;
    const stops_clock = session.format?.pauses.objection ?? true;
    const { turn_id, ground, reason = null } = input;
    const after = clockAt(stops_clock ? pausedBy(turn, 'objection', now) : turn, now);
    return [...expiry, objectionRaised({ objection_id, turn_id, ground, reason, side, stops_clock, clock: after })];
  },
  resource: objectionAnswer,
  result: ({ states }, { id }) => objectionResult(states.session, id),
  records: [turnExpired, objectionRaised],
  rejects: [
    ...OPEN_CODES,
    ...STRANGER_CODES,
    ...TURN_CODES,
    'not_opposing',
    'objection_pending',
    'floor_taken',
    'objections_barred',
    'ground_not_heard',
    'objection_limit',
    'turn_expired',
  ],
});

function refuseOwnSide(side: Side | null, turn: Turn) {
  return side === turn.side ? reject('not_opposing', 'Your own side has the floor.') : undefined;
}

function refuseUnheard({ format, objections }: SessionState, turn: Turn, { ground }: Input) {
  const isTaken = turn.paused_by.includes('bench') && turn.question_since === null;
  if (isTaken) return reject('floor_taken', 'The bench has the floor.');
  if (!turn.objections) return reject('objections_barred', `No objections are heard in this ${turn.kind}.`);
  if (format?.grounds === 'points' && !isPoint(ground)) {
    return reject('ground_not_heard', 'A moot hears points of procedure, not of evidence.');
  }
  const limit = format?.objections_per_turn ?? 0;
  if (objections.filter(({ turn_id }) => turn_id === turn.id).length < limit) return undefined;
  return reject('objection_limit', `A turn has at most ${limit} objections.`, { limit });
}
