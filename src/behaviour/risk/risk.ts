/**
 * The risk of a login session: how far it is from what is usual for the person, in integers from 0 to 100, with all that it
 * was made of. It says that something is different, and never who it was. Pure.
 */
import type { Component } from '../features/feature.ts';
import { FEATURES, type Vector } from '../features/features.ts';
import type { Baseline } from './baseline.ts';
import { deviation, riskOf } from './deviation.ts';
import { distanceOf } from './shape.ts';
import { timeRisk } from './timeRisk.ts';

/** With fewer nothing is said. */
export const LEAST_POINTS = 50;
/** Of features, for a component to have a risk. */
const LEAST_FEATURES = 3;
const ANOMALY_ABOVE = 70;

export const WEIGHTS = { keystroke: 35, mouse: 30, navigation: 20, time: 15 } as const;
const BEHAVED = ['keystroke', 'mouse', 'navigation'] as const;
const featuresOf = (component: Component) =>
  FEATURES.flatMap((feature, place) => (feature.component === component ? [{ name: feature.name, place }] : []));
/** With their places in a vector. */
const FEATURES_OF = {
  keystroke: featuresOf('keystroke'),
  mouse: featuresOf('mouse'),
  navigation: featuresOf('navigation'),
};

export const LEVELS = ['unknown', 'low', 'medium', 'high', 'critical'] as const;
export type Level = (typeof LEVELS)[number];
export const ACTIONS = ['continue', 'monitor', 'reauthenticate', 'terminate'] as const;
export type Action = (typeof ACTIONS)[number];

export type Components = Record<Component | 'time', number | null>;

export interface Anomaly {
  component: keyof Components;
  severity: 'medium' | 'high';
}

export interface Risk {
  /** Null where nothing can be said. */
  score: number | null;
  level: Level;
  components: Components;
  anomalies: Anomaly[];
  /** The feature, or `time`, without which the score would be lower by most. */
  weighed_most: string | null;
  action: Action;
}

export interface Observed {
  vector: Vector;
  points: number;
  at: string;
  lasted_ms: number;
  zone: string;
  /** Whether the institution ends sessions by itself. */
  auto_terminate: boolean;
}

export const UNKNOWN: Risk = {
  ...{ score: null, level: 'unknown', weighed_most: null, action: 'continue', anomalies: [] },
  components: { keystroke: null, mouse: null, navigation: null, time: null },
};

interface Part {
  risk: number;
  /** The feature with the highest risk of its own. */
  most: string;
}

export function assessRisk(baseline: Baseline | null, observed: Observed): Risk {
  if (!baseline || observed.points < LEAST_POINTS) return UNKNOWN;
  const parts = new Map<keyof Components, Part>();
  for (const component of BEHAVED) {
    const part = partOf(component, baseline, observed.vector);
    if (part) parts.set(component, part);
  }
  // The clock alone says nothing of a person.
  if (parts.size === 0) return UNKNOWN;
  parts.set('time', { risk: timeRisk(observed.at, observed.zone, observed.lasted_ms), most: 'time' });
  const score = scoreOf(parts);
  const level = levelOf(score);
  return {
    ...{ score, level, action: actionOf(level, observed.auto_terminate) },
    components: { ...UNKNOWN.components, ...Object.fromEntries([...parts].map(([name, { risk }]) => [name, risk])) },
    anomalies: [...parts].flatMap(([component, { risk }]) => anomalyOf(component, risk)),
    weighed_most: weighedMost(parts),
  };
}

/** The mean of the risks of its features, or that of few of them together where that is higher. */
function partOf(component: Component, { usual, shapes }: Baseline, vector: Vector): Part | undefined {
  const risks: { name: string; far: number }[] = [];
  for (const { name, place } of FEATURES_OF[component]) {
    const value = vector[place] ?? null;
    const known = usual[name];
    if (value !== null && known) risks.push({ name, far: Math.abs(deviation(value, known)) });
  }
  if (risks.length < LEAST_FEATURES) return undefined;
  const mean = Math.round(risks.reduce((sum, { far }) => sum + riskOf(far), 0) / risks.length);
  const together = shapes
    .filter((shape) => shape.component === component)
    .map((shape) => riskOf(distanceOf(vector, shape, usual) ?? 0));
  const most = risks.reduce((highest, one) => (one.far > highest.far ? one : highest));
  return { risk: Math.max(mean, ...together), most: most.name };
}

/** By the weights of those that are known. */
function scoreOf(parts: ReadonlyMap<keyof Components, Part>): number {
  const names = [...parts.keys()];
  const weights = names.reduce((sum, name) => sum + WEIGHTS[name], 0);
  return Math.round(names.reduce((sum, name) => sum + WEIGHTS[name] * parts.get(name)!.risk, 0) / weights);
}

function weighedMost(parts: ReadonlyMap<keyof Components, Part>): string {
  const weighed = [...parts].map(([name, { risk, most }]) => ({ most, weight: WEIGHTS[name] * risk }));
  return weighed.reduce((highest, one) => (one.weight > highest.weight ? one : highest)).most;
}

export function levelOf(score: number): Exclude<Level, 'unknown'> {
  if (score >= 80) return 'critical';
  if (score >= 61) return 'high';
  return score >= 31 ? 'medium' : 'low';
}

export function actionOf(level: Level, auto_terminate: boolean): Action {
  if (level === 'critical') return auto_terminate ? 'terminate' : 'reauthenticate';
  if (level === 'high') return 'reauthenticate';
  return level === 'medium' ? 'monitor' : 'continue';
}

function anomalyOf(component: keyof Components, risk: number): Anomaly[] {
  if (risk <= ANOMALY_ABOVE) return [];
  return [{ component, severity: component === 'keystroke' || component === 'mouse' ? 'high' : 'medium' }];
}
