/** What features say together: which of them are out of the ordinary, how much that weighs, and what it looks like. Pure. */
import type { FeatureName, Values } from './features.ts';
import { KEPT_FROM, KINDS, type Severity, THRESHOLDS, type ThreatType } from './rules.ts';

export interface Indicator {
  feature: FeatureName;
  value: number;
  /** The threshold that it reached. */
  from: number;
  severity: Severity;
}

/** What an institution's own outcomes made of the severities. */
export type Shifts = Partial<Record<FeatureName, number>>;

export interface Prediction {
  type: ThreatType;
  /** Of a hundred: a share of the highest severity, and no probability. */
  confidence: number;
  indicators: Indicator[];
}

export function indicatorsOf(values: Values, shifts: Shifts = {}): Indicator[] {
  return THRESHOLDS.flatMap(({ feature, from, severity, high_from, high_severity }) => {
    const value = values[feature];
    if (value === null || value < from) return [];
    const isHigh = value >= high_from;
    const shifted = (isHigh ? high_severity : severity) + (shifts[feature] ?? 0);
    const bounded = Math.max(1, Math.min(3, shifted)) as Severity;
    return [{ feature, value, from: isHigh ? high_from : from, severity: bounded }];
  });
}

/** The severities through three times their number, in whole hundredths, rounded down. */
export function confidenceOf(indicators: readonly Pick<Indicator, 'severity'>[]): number {
  if (indicators.length === 0) return 0;
  const sum = indicators.reduce((total, { severity }) => total + severity, 0);
  return Math.floor((sum * 100) / (3 * indicators.length));
}

export function typeOf(indicators: readonly Pick<Indicator, 'feature'>[]): ThreatType {
  const there = new Set(indicators.map(({ feature }) => feature));
  return KINDS.find(({ all_of }) => all_of.every((feature) => there.has(feature)))!.type;
}

/** @returns undefined where it is not worth keeping */
export function predict(values: Values, shifts?: Shifts): Prediction | undefined {
  const indicators = indicatorsOf(values, shifts);
  const confidence = confidenceOf(indicators);
  return confidence < KEPT_FROM ? undefined : { type: typeOf(indicators), confidence, indicators };
}
