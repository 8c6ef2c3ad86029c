/**
 * A correction: what was done by mistake is never undone. An event of its own names it and says what holds instead, and
 * a row keeps both side by side. Pure but for the table's definition.
 */
import { z } from 'zod';
import { actor, at, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { insert, type Write } from '../../core/definitions/write.ts';
import { EXAMPLE } from '../exampleValues.ts';

const CORRECTED = ['turn', 'objection', 'exhibit'] as const;

export interface Correction {
  /** Of the event that made it. */
  id: string;
  /** What sort of thing was corrected, and which. */
  subject: (typeof CORRECTED)[number];
  subject_id: string;
  /** What was said of it before: of what was corrected before, what that correction said. */
  former_state: string;
  former_ruling: string | null;
  former_ruled_by: string | null;
  former_ruled_at: string | null;
  /** What it is from then on. */
  state: string;
  ruling: string | null;
  reason: string;
  /** The turn that stands in the place of one that was voided. */
  replaced_by: string | null;
  corrected_by: string;
  corrected_at: string;
}

export const corrections = defineTable({
  name: 'corrections',
  stream: 'session',
  owner: 'session_id',
  primary_key: ['id'],
  frozen_with: 'session',
  visible: { with: 'courtroom_sessions', by: 'session_id' },
});

interface WithCorrections {
  corrections: readonly Correction[];
}

/** The row of the last one. */
export function correctionInsert({ id: session_id, corrections }: WithCorrections & { id: string }): Write {
  const { id, ...correction } = corrections.at(-1)!;
  return insert('corrections', { id }, { session_id, ...correction });
}

const correctionAnswer = named(
  'Correction',
  z.strictObject({
    id: uuid,
    subject: z.enum(CORRECTED),
    subject_id: uuid,
    was: z.strictObject({
      state: text,
      ruling: text.nullable(),
      ruled_by: actor.nullable(),
      ruled_at: at.nullable(),
    }),
    is: z.strictObject({ state: text, ruling: text.nullable() }),
    reason: text,
    replaced_by: uuid.nullable(),
    corrected_by: actor,
    corrected_at: at,
  }),
  {
    ...{ id: EXAMPLE.event_id, subject: 'turn', subject_id: EXAMPLE.turn_id },
    was: { state: 'active', ruling: null, ruled_by: null, ruled_at: null },
    ...{ is: { state: 'voided', ruling: null }, reason: 'The other side was to begin.' },
    ...{ replaced_by: EXAMPLE.command_id, corrected_by: EXAMPLE.judge.user_id, corrected_at: EXAMPLE.now },
  },
);
export const correctionList = listOf('CorrectionList', correctionAnswer);

/** A correction as every answer shows it. */
export function correctionResource(correction: Correction): z.output<typeof correctionAnswer> {
  const { id, subject, subject_id, reason, replaced_by, corrected_by, corrected_at, state, ruling } = correction;
  const { former_state, former_ruling, former_ruled_by, former_ruled_at } = correction;
  return {
    ...{ id, subject, subject_id },
    was: { state: former_state, ruling: former_ruling, ruled_by: former_ruled_by, ruled_at: former_ruled_at },
    ...{ is: { state, ruling }, reason, replaced_by, corrected_by, corrected_at },
  };
}
