/**
 * Where a site's own JSON has what a match needs, as JSON Pointers. One document has all matches; the pointers of a match
 * begin at the match, those of a person at the person.
 */
import { z } from 'zod';
import { jsonPointer } from '../jsonPointer.ts';
import { type Capability, PHASES } from '../provider.ts';

/** Below the base URL. */
const path = z
  .string()
  .max(300)
  .regex(/^\/[^\s\\#]*$/, 'must begin with a slash');

/** `items` leads to a list of people, or of names. */
const people = z.strictObject({ items: jsonPointer, id: jsonPointer.optional(), name: jsonPointer.default('') });
const side = z.strictObject({
  id: jsonPointer.optional(),
  name: jsonPointer,
  speakers: people.optional(),
});

export const genericMapping = z.strictObject({
  path,
  matches: jsonPointer,
  id: jsonPointer,
  /** Without it all are of round 1. */
  round: jsonPointer.optional(),
  round_name: jsonPointer.optional(),
  /** Leads to true where the draw may be shown. Without it all may. */
  released: jsonPointer.optional(),
  title: jsonPointer.optional(),
  courtroom: jsonPointer.optional(),
  scheduled_at: jsonPointer.optional(),
  /** In which times without a zone are meant. */
  time_zone: z.string().max(64).optional(),
  petitioner: side,
  respondent: side,
  /** The first of them presides, or the one of whom `chair` is true. */
  panel: people.extend({ chair: jsonPointer.optional() }).optional(),
  phase: jsonPointer.optional(),
  /** What that site calls a phase, and what it is here. */
  phases: z.record(z.string().max(100), z.enum(PHASES)).default({}),
  score: z
    .strictObject({ petitioner: jsonPointer, respondent: jsonPointer, winner: jsonPointer.optional() })
    .optional(),
  events: z
    .strictObject({
      ...{ items: jsonPointer, id: jsonPointer, match: jsonPointer, type: jsonPointer },
      ...{ at: jsonPointer.optional(), text: jsonPointer.optional() },
    })
    .optional(),
  standings: z
    .strictObject({ items: jsonPointer, id: jsonPointer, name: jsonPointer, points: jsonPointer.optional() })
    .optional(),
});

export type GenericMapping = z.infer<typeof genericMapping>;

/** What a mapping gives, of what a provider may be capable of. */
export function capabilitiesOf(mapping: GenericMapping): Capability[] {
  return [
    'schedule',
    ...(mapping.phase || mapping.score ? (['scoreboard'] as const) : []),
    ...(mapping.events ? (['events'] as const) : []),
    ...(mapping.standings ? (['stats'] as const) : []),
  ];
}
