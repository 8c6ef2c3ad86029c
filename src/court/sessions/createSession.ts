/** The session of an assignment is opened, pending until it is started. There is one for each assignment. */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { freeObject, id } from '../../core/definitions/schemas.ts';
import { insert } from '../../core/definitions/write.ts';
import { refuseCancelled, theAssignment } from '../assignments/assignment.ts';
import { openSession } from '../assignments/matchCommand.ts';
import { reject } from '../problems.ts';
import { OFFICIALS } from '../roles.ts';
import { sessionStream, theSession } from './session.ts';
import { sessionAnswer, sessionResult } from './sessionResource.ts';

export const sessionCreated = defineEvent({
  stream: sessionStream,
  type: 'SESSION_CREATED',
  payload: z.strictObject({
    assignment_id: id,
    institution_id: id,
    title: z.string(),
    courtroom: z.string(),
    visibility: z.string(),
    metadata: privately(freeObject(15)),
  }),
  evolve: (session, { at, payload }) => ({ ...session, ...payload, created_at: at }),
  project: ({ at, payload }, { id }) => [
    insert('courtroom_sessions', { id }, { ...payload, status: 'pending', created_at: at }),
  ],
});

const body = z.strictObject({ assignment_id: id, metadata: privately(freeObject(15)).optional() });

export const createSession = defineCommand({
  name: 'session.create',
  route: 'POST /api/session/create',
  summary: 'Open the session of an assignment',
  who: OFFICIALS,
  body,
  creates: '/api/session',
  admits: (actor, scope) => actor.role === 'super_admin' || actor.institution_id === scope.institution_id,
  within: 'assignment_id',
  locks: ({ assignment_id }, _, id) => [theAssignment(assignment_id), theSession(id)],
  facts: openSession,
  decide({ assignment }, { input }, existing) {
    if (existing !== undefined) {
      return reject('session_exists', 'The assignment already has a session.', { session_id: existing });
    }
    const refusal = refuseCancelled(assignment);
    if (refusal) return refusal;
    const { id: assignment_id, institution_id, title, courtroom, visibility } = assignment;
    const metadata = input.metadata ?? {};
    return [sessionCreated({ assignment_id, institution_id, title, courtroom, visibility, metadata })];
  },
  resource: sessionAnswer,
  result: sessionResult,
  records: [sessionCreated],
  rejects: ['session_exists', 'assignment_cancelled'],
});
