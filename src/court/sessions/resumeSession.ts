/** The recess is over: a paused session becomes active again. The clock goes on unless something else holds it. */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { update } from '../../core/definitions/write.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { refuseIdleModerator, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { resumedFrom } from '../turns/clock.ts';
import { activeTurnUpdates } from '../turns/turn.ts';
import { sessionStream, theSession, withActiveTurn } from './session.ts';
import { sessionAnswer, sessionResult } from './sessionResource.ts';
import { refuseTransition, withStatus } from './sessionTransitions.ts';

export const sessionResumed = defineEvent({
  stream: sessionStream,
  type: 'SESSION_RESUMED',
  payload: z.strictObject({}),
  evolve: (session, { at }) =>
    withActiveTurn(withStatus(session, 'active'), (turn) => resumedFrom(turn, 'session', at)),
  project: (_, { id, turns }) => [
    update('courtroom_sessions', { id }, { status: 'active' }),
    ...activeTurnUpdates(turns),
  ],
});

export const resumeSession = defineCommand({
  name: 'session.resume',
  route: 'POST /api/session/:session_id/resume',
  summary: 'Resume a paused session',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  body: z.strictObject({}),
  decide: (states, { actor }) =>
    refuseTransition(states, ['paused'], 'active', actor) ??
    refuseIdleModerator(states.assignment, actor) ?? [sessionResumed({})],
  resource: sessionAnswer,
  result: sessionResult,
  records: [sessionResumed],
  rejects: ['invalid_transition', ...STRANGER_CODES],
});
