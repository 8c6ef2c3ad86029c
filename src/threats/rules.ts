/**
 * Every number by which a threat is found, in one place. What a day of rounds changes for everybody (hours, nouns, pace,
 * networks, devices) weighs 2 at most, so that no person is a threat for it alone; refusals and bad signatures weigh up to 3.
 */
import type { FeatureName } from './features.ts';

export const TYPES = [
  'brute_force_attack',
  'privilege_escalation',
  'account_compromise',
  'automated_attack',
  'suspicious_activity',
] as const;
export type ThreatType = (typeof TYPES)[number];

export type Severity = 1 | 2 | 3;

interface Threshold {
  feature: FeatureName;
  /** From this value on it is an indicator. */
  from: number;
  severity: Severity;
  /** From this value on it weighs more. */
  high_from: number;
  high_severity: Severity;
}

export const THRESHOLDS: readonly Threshold[] = [
  { feature: 'failed_logins', from: 5, severity: 2, high_from: 10, high_severity: 3 },
  { feature: 'odd_hours', from: 300, severity: 1, high_from: 600, high_severity: 2 },
  { feature: 'scope_deviation', from: 400, severity: 1, high_from: 800, high_severity: 2 },
  { feature: 'frequency_change', from: 2_000, severity: 1, high_from: 4_000, high_severity: 2 },
  { feature: 'new_networks', from: 300, severity: 1, high_from: 600, high_severity: 2 },
  { feature: 'devices', from: 3, severity: 1, high_from: 6, high_severity: 2 },
  { feature: 'denials', from: 500, severity: 2, high_from: 800, high_severity: 3 },
];

/** Of a hundred: with less it is not kept. */
export const KEPT_FROM = 70;
/** Of a hundred: admins are told. */
export const TOLD_FROM = 80;

/** What kind of threat indicators make, the first that fits: all that are named are there. */
export const KINDS: readonly { type: ThreatType; all_of: readonly FeatureName[] }[] = [
  { type: 'brute_force_attack', all_of: ['failed_logins'] },
  { type: 'privilege_escalation', all_of: ['denials', 'scope_deviation'] },
  { type: 'account_compromise', all_of: ['new_networks'] },
  { type: 'account_compromise', all_of: ['devices'] },
  { type: 'automated_attack', all_of: ['frequency_change'] },
  { type: 'suspicious_activity', all_of: [] },
];

/** The three detectors. Each finds with full confidence what is at its edge or over it. */
export const DETECTORS = {
  brute_force: { type: 'brute_force_attack', failures: 10, within_minutes: 60 },
  privilege_escalation: { type: 'privilege_escalation', refused: 3, of_last: 20 },
  coordinated: { type: 'automated_attack', people: 3, tries: 10, within_minutes: 60 },
} as const satisfies Record<string, { type: ThreatType; [number: string]: number | string }>;

export const FOUND_CONFIDENCE = 100;

/** Refusals that say that somebody wanted what is not theirs; what is switched off, or wants a consent, is none of them. */
export const REFUSED_CODES = ['forbidden', 'not_found', 'step_up_required'];
/** Those that say that the role did not suffice. */
export const ESCALATION_CODES = ['forbidden'];

/** With fewer labels an institution's model is not made anew. */
export const LEAST_LABELS = 100;
/** Per cent right: below it, or above, and surely so, a feature's indicators weigh one less, or one more. */
export const WEIGHS_LESS_BELOW = 50;
export const WEIGHS_MORE_ABOVE = 90;

export const ACCURACY_DAYS = 30;
/** Per cent: below it admins are warned. */
export const WARNED_BELOW = 80;
