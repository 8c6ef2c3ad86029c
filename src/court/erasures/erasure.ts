/** Erasures: which payloads of a match were erased, why, and what is left of each. */
import { z } from 'zod';
import { count, hash, named, text, uuid } from '../../core/definitions/answers.ts';
import { ERASURE_REASONS } from '../../core/definitions/erasure.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { defineTable } from '../../core/definitions/table.ts';

export const erasures = defineTable({
  name: 'erasures',
  stream: 'assignment',
  owner: 'assignment_id',
  primary_key: ['stream', 'sequence'],
  append_only: true,
  visible: { with: 'assignments', by: 'assignment_id' },
});

/** What was erased, as the command answers it. */
export const erasureAnswer = named(
  'Erasure',
  z.strictObject({
    /** Of the event that says so. */
    id: uuid,
    stream: text,
    event_sequence: count,
    payload_commitment: hash,
    reason: z.enum(ERASURE_REASONS),
  }),
  {
    ...{ id: EXAMPLE.event_id, stream: `session:${EXAMPLE.event_id}`, event_sequence: 17 },
    ...{ payload_commitment: 'ab'.repeat(32), reason: 'personal_data' },
  },
);
