/**
 * A baseline: how a person usually behaves, as the median of each feature over the login sessions of the last days and how
 * far sessions are from it. There is nothing in it but such numbers, and no chance: the same sessions make the same baseline.
 */
import { FEATURES, type Vector } from '../features/features.ts';
import { inOrder, median, medianDeviation } from '../statistics.ts';
import type { UsualFeatures } from './deviation.ts';
import { type Shape, shapeOf } from './shape.ts';

export const LEAST_SESSIONS = 5;
export const BASELINE_DAYS = 14;
/** Of more the latest are taken. */
export const MOST_SESSIONS = 50;

export interface Baseline {
  sessions: number;
  /** By a feature's name; without those that fewer than five sessions had. */
  usual: UsualFeatures;
  /** How few features go together, where enough sessions have them all. */
  shapes: Shape[];
}

/** @returns null where there are too few sessions */
export function baselineOf(sessions: readonly Vector[]): Baseline | null {
  if (sessions.length < LEAST_SESSIONS) return null;
  const usual: UsualFeatures = {};
  for (const [i, { name }] of FEATURES.entries()) {
    const values = inOrder(sessions.flatMap((vector) => vector[i] ?? []));
    if (values.length < LEAST_SESSIONS) continue;
    usual[name] = { median: median(values), spread: medianDeviation(values), count: values.length };
  }
  return { sessions: sessions.length, usual, shapes: shapeOf(sessions, usual) };
}
