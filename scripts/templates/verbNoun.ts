/** Say what the command promises, and when it is sent. */
import { z } from 'zod';
import type { Scope } from '../../src/access/scope.ts';
import { defineCommand } from '../../src/core/definitions/command.ts';
import { defineEvent } from '../../src/core/definitions/event.ts';
import { officially, type SessionStates, sessionStream } from '../../src/court/sessions/session.ts';
import { sessionResult } from '../../src/court/sessions/sessionResource.ts';

export const nounVerbed = defineEvent({
  stream: sessionStream,
  type: 'NOUN_VERBED',
  payload: z.strictObject({}),
  evolve: (session) => session,
  project: () => [],
});

const body = z.strictObject({});

export const verbNoun = defineCommand<z.output<typeof body> & { session_id: string }, SessionStates, Scope>({
  ...officially,
  name: 'noun.verb',
  route: 'POST /api/session/:session_id/noun/verb',
  summary: 'Say in a line what it does',
  body,
  decide() {
    throw new Error('verbNoun decides nothing yet');
  },
  result: sessionResult,
  records: [nounVerbed],
  rejects: [],
});
