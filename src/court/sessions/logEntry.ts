/** An official adds an entry of the court's own to the record: any event type that is not one of ours. */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { reservedBy } from '../../core/definitions/reserved.ts';
import { freeObject } from '../../core/definitions/schemas.ts';
import { refuseCancelled, theAssignment } from '../assignments/assignment.ts';
import { refuseIdleModerator, refuseOutsider, STRANGER_CODES } from '../assignments/refuseStranger.ts';
import { reject } from '../problems.ts';
import { reserved } from '../reserved.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { entryAnswer } from './eventAnswer.ts';
import { sessionStream, theSession } from './session.ts';

const { event_types } = reservedBy([reserved]);

const body = z.strictObject({
  event_type: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,49}$/)
    .refine((type) => !event_types.test(type), 'names beginning like this are reserved'),
  details: privately(freeObject(16)),
});

export const logEntry = defineCommand({
  name: 'session.log',
  route: 'POST /api/session/:session_id/log',
  summary: 'Add an entry of your own to the record',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  body,
  decide({ session, assignment }, { input, actor }) {
    if (session.status === 'completed') return reject('session_completed', 'Nothing is added to a completed session.');
    const { event_type: type, details: payload } = input;
    return (
      refuseCancelled(assignment) ??
      refuseOutsider(assignment, actor) ??
      refuseIdleModerator(assignment, actor) ?? [{ kind: sessionStream.kind, type, payload }]
    );
  },
  resource: entryAnswer,
  result: ({ events: [event] }) => ({ id: event!.event_id, ...event }) as z.output<typeof entryAnswer>,
  records: [],
  rejects: ['session_completed', 'assignment_cancelled', ...STRANGER_CODES],
});
