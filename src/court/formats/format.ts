/**
 * A format: how a round runs. Its segments become the turns of a session, in order; the rest says what stops the clock
 * and what happens when time is up. Durations are whole milliseconds. One schema holds for templates and custom formats.
 */
import { z } from 'zod';
import { named } from '../../core/definitions/answers.ts';

export const SIDES = ['petitioner', 'respondent'] as const;
export type Side = (typeof SIDES)[number];

export const KINDS = ['opening', 'argument', 'rebuttal', 'sur_rebuttal', 'examination', 'closing'] as const;
export type Kind = (typeof KINDS)[number];

const HOUR_MS = 3_600_000;
export const MAX_DURATION_MS = 6 * HOUR_MS;
const MAX_SEGMENTS = 100;
const MAX_CARDS = 50;
const MAX_OBJECTIONS = 100;

/** A time that is longer than nothing. */
export const duration = z.int().min(1).max(MAX_DURATION_MS);
/** A time that may be nothing. */
export const part = z.int().min(0).max(MAX_DURATION_MS);

const segment = z
  .strictObject({
    side: z.enum(SIDES),
    kind: z.enum(KINDS),
    /** Nothing only for a rebuttal whose time is still to be reserved. */
    allotted_ms: part,
    /** What must be left to the speaker when time is moved to other turns of the side. */
    min_ms: part.default(0),
    /** At the beginning, when the bench asks nothing. */
    protected_ms: part.default(0),
    objections: z.boolean().default(true),
  })
  .superRefine(({ kind, allotted_ms, min_ms, protected_ms }, context) => {
    const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (allotted_ms === 0 && !isRebuttal(kind)) fault('allotted_ms', 'only a rebuttal begins with no time');
    if (min_ms > allotted_ms) fault('min_ms', 'is more than allotted_ms');
    if (protected_ms > allotted_ms) fault('protected_ms', 'is more than allotted_ms');
  });

const rebuttal = z
  .strictObject({
    min_ms: duration,
    max_ms: duration,
    /** Reserved times are multiples of it. */
    step_ms: duration.default(1),
    /** A side that has a rebuttal must reserve it before its arguments begin. */
    required: z.boolean().default(false),
    /** Once reserved it cannot be changed. */
    fixed: z.boolean().default(false),
  })
  .superRefine(({ min_ms, max_ms }, context) => {
    if (min_ms > max_ms) context.addIssue({ code: 'custom', path: ['min_ms'], message: 'is more than max_ms' });
  });

export const format = z.strictObject({
  name: z.string().min(1).max(50),
  segments: z.array(segment).min(1).max(MAX_SEGMENTS),
  /** What the turns of one side may come to together; null: only each segment is bounded. */
  side_ms: duration.nullable().default(null),
  /** When the timekeeper shows a card, by the time that is left. */
  cards_ms: z.array(duration).max(MAX_CARDS).default([]),
  rebuttal: rebuttal.nullable().default(null),
  /** A pause of the session always stops the clock. */
  pauses: z
    .strictObject({ objection: z.boolean(), question: z.boolean() })
    .default({ objection: true, question: false }),
  /** `end`: the turn is over. `stop_card`: it is flagged and goes on until it is ended. */
  on_expiry: z.enum(['end', 'stop_card']).default('stop_card'),
  /** What the presiding judge may grant at once; null: no bound of its own. */
  max_extension_ms: duration.nullable().default(null),
  objections_per_turn: z.int().min(0).max(MAX_OBJECTIONS).default(3),
  /** `points`: only what a moot hears. `all`: the law of evidence too. */
  grounds: z.enum(['points', 'all']).default('all'),
  /** What may be brought in beside PDF; nothing, where it says nothing. */
  exhibits: z.strictObject({ images: z.boolean() }).optional(),
});
export type Format = z.output<typeof format>;
/** As it was resolved. */
export const formatAnswer = named('Format', format, {
  name: 'club-10',
  segments: [
    { side: 'petitioner', kind: 'argument', allotted_ms: 600_000, min_ms: 0, protected_ms: 0, objections: true },
    { side: 'respondent', kind: 'argument', allotted_ms: 600_000, min_ms: 0, protected_ms: 0, objections: true },
  ],
  ...{ side_ms: null, cards_ms: [60_000], rebuttal: null, pauses: { objection: true, question: false } },
  ...{ on_expiry: 'stop_card', max_extension_ms: null, objections_per_turn: 3, grounds: 'all' },
});
export type Segment = Format['segments'][number];

export function isRebuttal(kind: Kind): boolean {
  return kind === 'rebuttal' || kind === 'sur_rebuttal';
}
