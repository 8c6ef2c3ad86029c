/** A threat as it is found, kept and shown: what it may be, how sure that is and from what, and what it turned out to be. */
import { z } from 'zod';
import { at, count, named, text, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE, exampleId } from '../core/definitions/exampleValues.ts';
import { TYPES } from './rules.ts';

const FOUND_BY = ['features', 'brute_force', 'privilege_escalation', 'coordinated'] as const;
export const SUBJECTS = ['user', 'address', 'route'] as const;
export const OUTCOMES = ['confirmed', 'false_positive', 'prevented'] as const;
/** Of those that were right. */
export const RIGHT = ['confirmed', 'prevented'];
export const KEPT_DAYS = 30;

const evidence = z.strictObject({
  /** By name: the seven features, null where too little is known, or what a detector counted. */
  numbers: z.record(z.string(), z.int().nullable()),
  indicators: z.array(z.strictObject({ feature: text, value: z.int(), from: z.int(), severity: z.int() })),
});
export type Evidence = z.output<typeof evidence>;

/** Before it is kept. */
export interface Found {
  /** Null of what was found by an address alone. */
  institution_id: string | null;
  type: (typeof TYPES)[number];
  found_by: (typeof FOUND_BY)[number];
  subject_kind: (typeof SUBJECTS)[number];
  subject: string;
  confidence: number;
  evidence: Evidence;
}

const EXAMPLE_NUMBERS = {
  ...{ failed_logins: null, odd_hours: 0, scope_deviation: 850, frequency_change: 900 },
  ...{ new_networks: 0, devices: 1, denials: 820 },
};

export const threatAnswer = named(
  'Threat',
  z.strictObject({
    id: uuid,
    /** Null of what was found by an address alone: super_admins see it. */
    institution_id: uuid.nullable(),
    type: z.enum(TYPES),
    found_by: z.enum(FOUND_BY),
    subject_kind: z.enum(SUBJECTS),
    /** A user's id, an address, or a route. */
    subject: text,
    /** Of a hundred: a share of the highest severity, and no probability. */
    confidence: count.max(100),
    evidence,
    status: z.enum(['pending', ...OUTCOMES]),
    predicted_at: at,
    /** When it was found again last. */
    seen_at: at,
    decided_at: at.nullable(),
    decided_by: uuid.nullable(),
  }),
  {
    ...{ id: exampleId('22'), institution_id: EXAMPLE.institution_id, type: 'privilege_escalation' as const },
    ...{ found_by: 'features' as const, subject_kind: 'user' as const, subject: EXAMPLE.user_id, confidence: 83 },
    evidence: {
      numbers: EXAMPLE_NUMBERS,
      indicators: [
        { feature: 'scope_deviation', value: 850, from: 800, severity: 2 },
        { feature: 'denials', value: 820, from: 800, severity: 3 },
      ],
    },
    ...{ status: 'pending' as const, predicted_at: EXAMPLE.created_at, seen_at: EXAMPLE.now },
    ...{ decided_at: null, decided_by: null },
  },
);
export type Threat = z.output<typeof threatAnswer>;
