/**
 * The bench or the bailiff plans time: a turn beyond those of the format, another length of one that has not begun (how
 * two oralists split their side's time), or the rest of one that was ended early, so that the sides can take turns
 * within a segment.
 */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { refuseStranger, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { duration, isRebuttal, KINDS, MAX_DURATION_MS, part, SIDES } from '../formats/format.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { type SessionState, sessionStream, theSession, withTurn } from '../sessions/session.ts';
import { budgetMs } from './clock.ts';
import { findTurn, OPEN_CODES, refuseUnlessOpen } from './courtRefusals.ts';
import { timedTurnAnswer, turnOfInput } from './shownTurn.ts';
import { sideTimeLeftMs } from './sideTime.ts';
import { newTurn, plannedTurn, restOf, turnInsert, turnOfPayload, turns, turnUpdate } from './turn.ts';

export const turnPlanned = defineEvent({
  stream: sessionStream,
  type: 'TURN_PLANNED',
  payload: z.strictObject({ turn: plannedTurn }),
  evolve: (session, { payload }) => ({ ...session, turns: [...session.turns, newTurn(payload.turn)] }),
  project: ({ payload }, { id }) => [turnInsert(id, newTurn(payload.turn))],
});

export const turnReplanned = defineEvent({
  stream: sessionStream,
  type: 'TURN_REPLANNED',
  payload: z.strictObject({ turn_id: id, allotted_ms: z.int() }),
  evolve: (session, { payload }) =>
    withTurn(session, { ...turnOfPayload(session.turns, payload), allotted_ms: payload.allotted_ms }),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

const body = z
  .strictObject({
    /** Another length of this turn. */
    turn_id: id.optional(),
    /** The rest of this turn. */
    continues: id.optional(),
    side: z.enum(SIDES).optional(),
    kind: z.enum(KINDS).optional(),
    allotted_ms: duration.optional(),
    protected_ms: part.optional(),
    objections: z.boolean().optional(),
  })
  .superRefine((input, context) => {
    const needed = neededOf(input);
    const free = needed.includes('side') ? ['protected_ms', 'objections'] : [];
    for (const field of needed.filter((name) => input[name as keyof typeof input] === undefined)) {
      context.addIssue({ code: 'custom', path: [field], message: 'is needed' });
    }
    for (const [field, value] of Object.entries(input)) {
      if (value === undefined || needed.includes(field) || free.includes(field)) continue;
      context.addIssue({ code: 'custom', path: [field], message: `does not go with ${needed.join(', ')}` });
    }
    if (input.protected_ms !== undefined && input.protected_ms > (input.allotted_ms ?? 0)) {
      context.addIssue({ code: 'custom', path: ['protected_ms'], message: 'is more than allotted_ms' });
    }
  });

function neededOf({ turn_id, continues }: { turn_id?: unknown; continues?: unknown }): string[] {
  if (continues !== undefined) return ['continues'];
  return turn_id === undefined ? ['side', 'kind', 'allotted_ms'] : ['turn_id', 'allotted_ms'];
}

export const planTurn = defineCommand({
  name: 'turn.plan',
  route: 'POST /api/session/:session_id/turn/plan',
  summary: 'Plan another turn, the rest of one, or the length of one',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [turns, { ...turns, found_by: 'continues' }],
  body,
  example: { side: 'petitioner', kind: 'argument', allotted_ms: 600_000 },
  decide({ session, assignment }, { id, input, actor }) {
    const refusal = refuseUnlessOpen(session) ?? refuseStranger(assignment, actor);
    if (refusal) return refusal;
    if (input.turn_id !== undefined) return replan(session, input.turn_id, input.allotted_ms!);
    const order_index = 1 + Math.max(0, ...session.turns.map((turn) => turn.order_index));
    if (input.continues !== undefined) return planRest(session, input.continues, id, order_index);
    const { side, kind, allotted_ms, protected_ms = 0, objections = false } = input;
    if (isRebuttal(kind!)) return refuseRebuttal();
    const left_ms = sideTimeLeftMs(session, side!);
    if (allotted_ms! > left_ms) return reject('time_not_available', 'The side has less left.', { left_ms });
    const planned = { side: side!, kind: kind!, allotted_ms: allotted_ms!, protected_ms, objections };
    return [turnPlanned({ turn: { id, order_index, min_ms: 0, continues: null, ...planned } })];
  },
  resource: timedTurnAnswer,
  result: (applied, { id, input }) => turnOfInput(applied, { input: { turn_id: input.turn_id ?? id } }),
  records: [turnPlanned, turnReplanned],
  rejects: [
    ...OPEN_CODES,
    ...STRANGER_CODES,
    'not_found',
    'turn_not_planned',
    'turn_not_ended',
    'time_not_available',
    'rebuttal_out_of_bounds',
  ],
});

function refuseRebuttal() {
  return reject('rebuttal_out_of_bounds', 'A rebuttal is reserved, not planned.');
}

function replan(session: SessionState, turn_id: string, allotted_ms: number) {
  const turn = findTurn(session, turn_id);
  if (isRejection(turn)) return turn;
  if (turn.state !== 'planned') return reject('turn_not_planned', `The turn is ${turn.state}.`, { from: turn.state });
  if (isRebuttal(turn.kind)) return refuseRebuttal();
  const left_ms = sideTimeLeftMs(session, turn.side) + turn.allotted_ms;
  const least_ms = Math.max(turn.min_ms, turn.protected_ms);
  if (allotted_ms > left_ms || allotted_ms < least_ms) {
    const detail = `The turn may have ${least_ms} to ${left_ms} ms.`;
    return reject('time_not_available', detail, { least_ms, left_ms });
  }
  return [turnReplanned({ turn_id, allotted_ms })];
}

function planRest(session: SessionState, turn_id: string, id: string, order_index: number) {
  const turn = findTurn(session, turn_id);
  if (isRejection(turn)) return turn;
  if (turn.state !== 'ended') return reject('turn_not_ended', `The turn is ${turn.state}.`, { from: turn.state });
  const allotted_ms = Math.min(budgetMs(turn) - turn.used_ms!, MAX_DURATION_MS);
  if (allotted_ms === 0 || restOf(session.turns, turn)) {
    return reject('time_not_available', 'Nothing is left of this turn.', { left_ms: 0 });
  }
  const { side, kind, objections } = turn;
  const protected_ms = Math.max(0, turn.protected_ms - turn.used_ms!);
  const rest = { side, kind, objections, allotted_ms, min_ms: 0, protected_ms, continues: turn_id };
  return [turnPlanned({ turn: { id, order_index, ...rest } })];
}
