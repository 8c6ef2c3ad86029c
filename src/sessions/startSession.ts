/** The presiding bench, or an admin, calls the case: a pending session becomes active. */
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

export const sessionStarted = defineEvent({
  stream: sessionStream,
  type: 'SESSION_STARTED',
  payload: z.strictObject({}),
  evolve: (session, { at }) => withStatus(session, 'active', { started_at: at }),
  project: ({ at }, { id }) => [update('courtroom_sessions', { id }, { status: 'active', started_at: at })],
});

export const startSession = defineCommand<{ session_id: string }, SessionStates, Scope>({
  ...officially,
  name: 'session.start',
  route: 'POST /api/session/:session_id/start',
  summary: 'Start a pending session',
  body: z.strictObject({}),
  decide: (states, { actor }) => refuseTransition(states, ['pending'], 'active', actor) ?? [sessionStarted({})],
  result: sessionResult,
  records: [sessionStarted],
  rejects: ['invalid_transition', 'not_on_panel'],
});
