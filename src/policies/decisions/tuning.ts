/**
 * What would make a policy better, by small steps of the confidence that it takes: less where it was too often wrong, more where
 * it was nearly always right. What either does is tried on the decisions that are stored. Pure.
 */
import type { Mode } from '../policy.ts';
import type { Rule } from '../rule.ts';
import type { Effectiveness } from './effectiveness.ts';
import type { Simulation } from './simulation.ts';

export type Direction = 'lower' | 'raise';

/** A policy that was right less often than that is not well. */
export const LEAST_EFFECTIVENESS = 70;
const MOST_EFFECTIVENESS = 95;
const STEP = 5;

/** Undefined where nothing is to be done, or too few decisions are known. */
export function directionOf({ effectiveness, interval }: Effectiveness): Direction | undefined {
  if (interval === null) return undefined;
  if (effectiveness < LEAST_EFFECTIVENESS) return 'lower';
  return effectiveness > MOST_EFFECTIVENESS ? 'raise' : undefined;
}

/** Undefined where no rule has room for it. A rule that takes no confidence at all goes on taking none. */
export function tunedRules(rules: readonly Rule[], direction: Direction): Rule[] | undefined {
  const step = direction === 'lower' ? -STEP : STEP;
  const tuned = rules.map((rule) =>
    rule.min_confidence === 0
      ? rule
      : { ...rule, min_confidence: Math.min(100, Math.max(0, rule.min_confidence + step)) },
  );
  return tuned.some((rule, i) => rule.min_confidence !== rules[i]!.min_confidence) ? tuned : undefined;
}

interface Tried {
  before: Simulation;
  after: Simulation;
}

/** Less must let pass what is refused now; more must refuse nobody who passes now. */
export function isWorthIt(direction: Direction, { before, after }: Tried): boolean {
  if (direction === 'lower') return after.predicted_approvals > before.predicted_approvals;
  return after.predicted_approvals >= before.predicted_approvals;
}

/**
 * What may be done by itself: a policy that only observes refuses nobody, whatever it takes; and one that enforces may take more
 * where that refuses nobody who was here. To take less where it enforces would let in whom it keeps out, and to take more where
 * it observes would only begin the observing anew.
 */
export function isLowRisk(direction: Direction, mode: Mode): boolean {
  return mode === (direction === 'lower' ? 'observe' : 'enforce');
}
