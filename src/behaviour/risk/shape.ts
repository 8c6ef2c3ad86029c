/**
 * Few features together: a value of each may be usual, and the values together not be (Mahalanobis 1936, "On the generalised
 * distance in statistics"). Only where many sessions have all of them; half of the way to features that have nothing to do
 * with each other, as a few sessions show chance for a rule.
 */

import type { Component } from '../features/feature.ts';
import { FEATURES, type Vector } from '../features/features.ts';
import { deviation, type UsualFeatures } from './deviation.ts';

const LEAST_FOR_SHAPE = 12;

export interface Shape {
  component: Component;
  features: string[];
  /** The inverse of the covariance of their deviations, in thousandths, row by row. */
  inverse: number[];
}

const TOGETHER: { component: Component; features: string[] }[] = [
  { component: 'keystroke', features: ['dwell_median', 'flight_median', 'rhythm_change'] },
  { component: 'mouse', features: ['speed_median', 'turn_median', 'straightness'] },
];

/** Of features in a vector. */
const PLACES = new Map(FEATURES.map(({ name }, place) => [name, place]));

export function shapeOf(sessions: readonly Vector[], usual: UsualFeatures): Shape[] {
  return TOGETHER.flatMap(({ component, features }) => {
    const rows = sessions.flatMap((vector) => {
      const row = deviationsOf(vector, features, usual);
      return row ? [row] : [];
    });
    if (rows.length < LEAST_FOR_SHAPE) return [];
    const inverse = inverseOf(shrunk(covarianceOf(rows)));
    return [{ component, features, inverse: inverse.flat().map((value) => Math.round(value * 1_000)) }];
  });
}

/** In standard deviations; undefined where one of them is not known. */
function deviationsOf(vector: Vector, features: string[], usual: UsualFeatures): number[] | undefined {
  const row: number[] = [];
  for (const name of features) {
    const value = vector[PLACES.get(name) ?? -1] ?? null;
    if (value === null || !usual[name]) return undefined;
    row.push(deviation(value, usual[name]) / 1_000);
  }
  return row;
}

/** About the medians, where deviations are 0. */
function covarianceOf(rows: readonly number[][]): number[][] {
  const size = rows[0]!.length;
  const at = (i: number, j: number) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0) / rows.length;
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => at(i, j)));
}

/** Half covariance, half the identity: it has an inverse whatever the sessions were. */
function shrunk(matrix: number[][]): number[][] {
  return matrix.map((row, i) => row.map((value, j) => value / 2 + (i === j ? 0.5 : 0)));
}

/** Of three by three, by its cofactors. */
function inverseOf(matrix: number[][]): number[][] {
  const minor = (i: number, j: number) => {
    const [a, b] = [0, 1, 2].filter((n) => n !== i) as [number, number];
    const [c, d] = [0, 1, 2].filter((n) => n !== j) as [number, number];
    return (matrix[a]![c]! * matrix[b]![d]! - matrix[a]![d]! * matrix[b]![c]!) * ((i + j) % 2 === 0 ? 1 : -1);
  };
  const determinant = [0, 1, 2].reduce((sum, j) => sum + matrix[0]![j]! * minor(0, j), 0);
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => minor(j, i) / determinant));
}

/** The distance in thousandths of a standard deviation, as one feature by itself would be so far away; null where one is not known. */
export function distanceOf(vector: Vector, { features, inverse }: Shape, usual: UsualFeatures): number | null {
  const row = deviationsOf(vector, features, usual);
  if (!row) return null;
  const size = row.length;
  let square = 0;
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) square += row[i]! * row[j]! * inverse[i * size + j]!;
  return Math.trunc(Math.sqrt(Math.max(0, square / 1_000) / size) * 1_000);
}
