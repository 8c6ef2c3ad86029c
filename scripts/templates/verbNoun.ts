/** Say what the command promises, and when it is sent. */
import { z } from 'zod';
import { defineCommand } from '../../src/access/defineCommand.ts';
import { mayOfficiate } from '../../src/access/scope.ts';
import { defineEvent } from '../../src/core/definitions/event.ts';
import { theAssignment } from '../../src/court/assignments/assignment.ts';
import { OFFICIALS } from '../../src/court/roles.ts';
import { sessionStream, theSession } from '../../src/court/sessions/session.ts';
import { sessionAnswer, sessionResult } from '../../src/court/sessions/sessionResource.ts';

export const nounVerbed = defineEvent({
  stream: sessionStream,
  type: 'NOUN_VERBED',
  payload: z.strictObject({}),
  evolve: (session) => session,
  project: () => [],
});

const body = z.strictObject({});

export const verbNoun = defineCommand({
  name: 'noun.verb',
  route: 'POST /api/session/:session_id/noun/verb',
  summary: 'Say in a line what it does',
  who: OFFICIALS,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  body,
  decide() {
    throw new Error('verbNoun decides nothing yet');
  },
  resource: sessionAnswer,
  result: sessionResult,
  records: [nounVerbed],
  rejects: [],
});
