/** The recess is over: a paused session becomes active again. */
import { z } from 'zod';
import type { Scope } from '../assignments/scope.ts';
import { defineCommand } from '../core/command.ts';
import { defineEvent } from '../core/event.ts';
import { update } from '../core/projections.ts';
import {
  officially,
  refuseTransition,
  type SessionStates,
  sessionResult,
  sessionStream,
  withStatus,
} from './session.ts';

export const sessionResumed = defineEvent({
  stream: sessionStream,
  type: 'SESSION_RESUMED',
  payload: z.strictObject({}),
  evolve: (session) => withStatus(session, 'active'),
  project: (_, { id }) => [update('courtroom_sessions', { id }, { status: 'active' })],
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
