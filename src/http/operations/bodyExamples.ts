/** A body for each command as documents show it: the command's own example, or what its schema cannot do without. */
import { z } from 'zod';
import type { CommandDefinition } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../court/exampleValues.ts';

/** What stands under a name, whichever body asks for it. */
const FIELDS: Readonly<Record<string, unknown>> = {
  assignment_id: EXAMPLE.assignment_id,
  turn_id: EXAMPLE.turn_id,
  objection_id: EXAMPLE.objection_id,
  exhibit_id: EXAMPLE.exhibit_id,
  user_id: EXAMPLE.petitioner.user_id,
  speaker_id: EXAMPLE.petitioner.user_id,
  replacement: EXAMPLE.respondent,
  event_sequence: 17,
  extension_ms: 60_000,
  reserved_ms: 120_000,
  reason: 'The courtroom is flooded.',
  title: 'Harbour logbook',
  url: 'https://recordings.example/r/1',
  event_type: 'NOTE',
  details: { text: 'The bench was handed a corrected index.' },
  kind: 'late_memorial',
  description: 'Handed in after noon.',
};

/** @returns undefined where the body may be empty. @throws where nothing is known of a field that is needed */
export function bodyExample({ name, body, example }: CommandDefinition): JsonObject | undefined {
  if (example !== undefined) return example as JsonObject;
  const needed = Object.entries(body.shape as Record<string, z.ZodType>).filter(([, schema]) => !isOptional(schema));
  if (needed.length === 0) return undefined;
  return Object.fromEntries(needed.map(([field, schema]) => [field, exampleValue(name, field, schema)]));
}

function isOptional(schema: z.ZodType): boolean {
  return schema.safeParse(undefined).success;
}

function exampleValue(command: string, field: string, schema: z.ZodType): unknown {
  if (schema instanceof z.ZodEnum) return schema.options[0];
  if (field in FIELDS) return FIELDS[field];
  throw new Error(`${command} needs an example: nothing is known of ${field}`);
}
