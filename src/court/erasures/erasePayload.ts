/**
 * A payload is erased: what it said is taken out of the record to the last copy, and that it was is on record for good,
 * in the assignment's stream, so that the chain of a completed session never grows. The event itself stays, with its
 * place, its time, its actor and the commitment of what it said.
 */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { ERASURE_REASONS, type ErasedPayload, erasedPayload, PAYLOAD_ERASED } from '../../core/definitions/erasure.ts';
import { defineEvent, type JsonObject } from '../../core/definitions/event.ts';
import { idOf } from '../../core/definitions/stream.ts';
import { insert } from '../../core/definitions/write.ts';
import { assignmentStream, theAssignment } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { theSession } from '../sessions/session.ts';
import { erasable, WHOSE } from './erasable.ts';
import { isErasable, remainsOf } from './erasableTypes.ts';
import { erasureAnswer } from './erasure.ts';

export const payloadErased = defineEvent({
  stream: assignmentStream,
  type: PAYLOAD_ERASED,
  payload: erasedPayload,
  evolve: (assignment) => assignment,
  project({ sequence: recorded_sequence, stream: own, actor: erased_by, at: erased_at, payload }) {
    const { stream, event_sequence: sequence, payload_commitment, reason, remains = null } = payload;
    const facts = { assignment_id: idOf(own), recorded_sequence, payload_commitment, reason, remains };
    return [insert('erasures', { stream, sequence }, { ...facts, erased_by, erased_at })];
  },
});

const body = z.strictObject({
  event_sequence: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  reason: z.enum(ERASURE_REASONS),
  /** Whose event it is: the session's, or its assignment's. */
  stream: z.enum(WHOSE).default('session'),
});

export const erasePayload = defineCommand({
  name: 'payload.erase',
  route: 'POST /api/session/:session_id/erase',
  summary: 'Erase what an event of the session, or of its assignment, says',
  who: ['super_admin'],
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  resource: erasureAnswer,
  facts: erasable,
  body,
  decide(_, { input }, event) {
    const { stream: whose, event_sequence, reason } = input;
    if (!event) return reject('not_found', `The ${whose} has no event ${event_sequence}.`);
    if (!isErasable(event.event_type)) return reject('not_erasable', `${event.event_type} cannot be erased.`);
    if (event.payload === null) return reject('already_erased', `Event ${event_sequence} was erased before.`);
    const remains = remainsOf(event.event_type, JSON.parse(event.payload) as JsonObject);
    const { stream, payload_commitment } = event;
    const facts = { stream, event_sequence, payload_commitment, reason };
    return [payloadErased({ ...facts, ...(remains && { remains }) })];
  },
  result({ events: [event] }) {
    const { remains: _, ...said } = event!.payload as unknown as ErasedPayload;
    return { id: event!.event_id, ...said };
  },
  records: [payloadErased],
  rejects: ['not_found', 'already_erased', 'not_erasable'],
});
