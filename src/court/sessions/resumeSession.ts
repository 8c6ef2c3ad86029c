/** The recess is over: a paused session becomes active again. The clock goes on unless something else holds it. */
import { z } from 'zod';
import type { Scope } from '../../access/scope.ts';
import { defineCommand } from '../../core/definitions/command.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { update } from '../../core/definitions/write.ts';
import { resumedFrom } from '../turns/clock.ts';
import { activeTurnUpdates } from '../turns/turn.ts';
import { officially, type SessionStates, sessionStream, withActiveTurn } from './session.ts';
import { sessionResult } from './sessionResource.ts';
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

export const resumeSession = defineCommand<{ session_id: string }, SessionStates, Scope>({
  ...officially,
  name: 'session.resume',
  route: 'POST /api/session/:session_id/resume',
  summary: 'Resume a paused session',
  body: z.strictObject({}),
  decide: (states, { actor }) => refuseTransition(states, ['paused'], 'active', actor) ?? [sessionResumed({})],
  result: sessionResult,
  records: [sessionResumed],
  rejects: ['invalid_transition', 'not_on_panel'],
});
