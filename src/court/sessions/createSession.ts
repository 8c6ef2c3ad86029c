/** The session of an assignment is opened, pending until it is started. There is one for each assignment. */

import { z } from 'zod';
import type { Scope } from '../../access/scope.ts';
import { defineCommand } from '../../core/definitions/command.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { freeObject, id } from '../../core/definitions/schemas.ts';
import { insert } from '../../core/definitions/write.ts';
import { type AssignmentState, assignmentStreamName, refuseCancelled } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { OFFICIALS } from '../roles.ts';
import { type SessionState, sessionStream, sessionStreamName } from './session.ts';
import { sessionResult } from './sessionResource.ts';

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

export const createSession = defineCommand<
  z.output<typeof body>,
  { assignment: AssignmentState; session: SessionState },
  Scope,
  string
>({
  name: 'session.create',
  route: 'POST /api/session/create',
  summary: 'Open the session of an assignment',
  roles: OFFICIALS,
  body,
  creates: '/api/session',
  target: ({ assignment_id }) => ({ kind: 'assignment', id: assignment_id }),
  admits: (actor, scope) => actor.role === 'super_admin' || actor.institution_id === scope.institution_id,
  streams: (command) => [assignmentStreamName(command.input.assignment_id), sessionStreamName(command.id)],
  facts: {
    key: ({ input }) => input.assignment_id,
    async load(db, assignment_ids) {
      const text = 'select assignment_id, id from courtroom_sessions where assignment_id = any($1)';
      const { rows } = await db.query<{ assignment_id: string; id: string }>(text, [assignment_ids]);
      return new Map(rows.map((row) => [row.assignment_id, row.id]));
    },
  },
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
  result: sessionResult,
  records: [sessionCreated],
  rejects: ['session_exists', 'assignment_cancelled'],
});
