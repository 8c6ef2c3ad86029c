/**
 * The presiding bench, or an admin, calls the case: a pending session becomes active. The format that the assignment
 * names is frozen in the record, together with the turns it asks for.
 */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { update } from '../../core/definitions/write.ts';
import { refuseCancelled, theAssignment } from '../assignments/assignment.ts';
import { refuseIdleModerator, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { format } from '../formats/format.ts';
import { resolveFormat } from '../formats/templates.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { newTurn, plannedTurn, turnInsert, turnsOf } from '../turns/turn.ts';
import { sessionStream, theSession } from './session.ts';
import { sessionAnswer, sessionResult } from './sessionResource.ts';
import { refuseTransition, withStatus } from './sessionTransitions.ts';

export const sessionStarted = defineEvent({
  stream: sessionStream,
  type: 'SESSION_STARTED',
  // Both are absent in records from before there were formats.
  payload: z.strictObject({ format: format.optional(), turns: z.array(plannedTurn).optional() }),
  evolve: (session, { at, payload: { format = null, turns = [] } }) =>
    withStatus({ ...session, turns: turns.map(newTurn) }, 'active', { started_at: at, format }),
  project: ({ at }, { id, format, turns }) => [
    update('courtroom_sessions', { id }, { status: 'active', started_at: at, format }),
    ...turns.map((turn) => turnInsert(id, turn)),
  ],
});

export const startSession = defineCommand({
  name: 'session.start',
  route: 'POST /api/session/:session_id/start',
  summary: 'Start a pending session',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  body: z.strictObject({}),
  decide(states, { id, actor }) {
    const refusal =
      refuseTransition(states, ['pending'], 'active', actor) ??
      refuseIdleModerator(states.assignment, actor) ??
      refuseCancelled(states.assignment);
    if (refusal) return refusal;
    const format = resolveFormat(states.assignment.format);
    return [sessionStarted({ format, turns: turnsOf(format, id) })];
  },
  resource: sessionAnswer,
  result: sessionResult,
  records: [sessionStarted],
  rejects: ['invalid_transition', ...STRANGER_CODES, 'assignment_cancelled'],
});
