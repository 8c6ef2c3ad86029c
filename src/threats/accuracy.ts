/** How often what was found was right, by what admins said of it: never said where they said too little. Pure. */
import { z } from 'zod';
import { NIL_ID } from '../core/chain/ids.ts';
import { at, count } from '../core/definitions/answers.ts';
import { intervalOf } from '../core/wilsonInterval.ts';
import { ACCURACY_DAYS, WARNED_BELOW } from './rules.ts';

/** In the place of an institution: all of them together. */
export const OF_ALL = NIL_ID;

export interface Resolved {
  resolved: number;
  /** Confirmed, or prevented. */
  correct: number;
}

export const accuracyAnswer = z.strictObject({
  days: count,
  /** How many admins have said of what they were. */
  n: count,
  correct: count,
  /** Per cent; null, as the interval is, where `n` is too few to say it. */
  accuracy: count.max(100).nullable(),
  /** Within which it lies 19 times in 20. */
  interval: z.strictObject({ from: count, to: count }).nullable(),
  /** It is reckoned once a day. */
  reckoned_at: at,
});
export type Accuracy = z.output<typeof accuracyAnswer>;

export function accuracyOf({ resolved: n, correct }: Resolved): Omit<Accuracy, 'reckoned_at'> {
  const interval = intervalOf(correct, n);
  const accuracy = interval === null ? null : Math.round((correct * 100) / n);
  return { days: ACCURACY_DAYS, n, correct, accuracy, interval };
}

export function isWarnedOf(resolved: Resolved): boolean {
  const { accuracy } = accuracyOf(resolved);
  return accuracy !== null && accuracy < WARNED_BELOW;
}
