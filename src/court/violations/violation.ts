/** A procedural violation: a fault that an official puts on record. It needs no ruling; what it costs is for the scores. */
import { z } from 'zod';
import { actor, at, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { EXAMPLE } from '../exampleValues.ts';

export const violationAnswer = named(
  'Violation',
  z.strictObject({
    id: uuid,
    /** The person at fault. */
    user_id: uuid,
    turn_id: uuid.nullable(),
    kind: text,
    description: text,
    recorded_by: actor,
    recorded_at: at,
  }),
  {
    ...{ id: EXAMPLE.event_id, user_id: EXAMPLE.petitioner.user_id, turn_id: EXAMPLE.turn_id, kind: 'late_memorial' },
    ...{ description: 'Handed in after noon.', recorded_by: EXAMPLE.judge.user_id, recorded_at: EXAMPLE.now },
  },
);
export const violationList = listOf('ViolationList', violationAnswer);
export type Violation = z.output<typeof violationAnswer>;

export const violations = defineTable({
  name: 'procedural_violations',
  stream: 'session',
  owner: 'session_id',
  primary_key: ['id'],
  frozen_with: 'session',
  visible: { with: 'courtroom_sessions', by: 'session_id' },
});
