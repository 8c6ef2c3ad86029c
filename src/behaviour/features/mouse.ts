/** Twelve features of pointing: how fast, how straight, in what strokes, and how a click follows them. Pure. */
import type { Behaviour, Place } from '../behaviour.ts';
import { median, medianDeviation, pairsOf, permille, quantile } from '../statistics.ts';
import type { Measured } from './feature.ts';

/** After so long without a movement another stroke begins. */
const PAUSE_MS = 500;
const LEAST_STEPS = 20;
const LEAST_STROKES = 3;
const LEAST_CLICKS = 5;

interface Step {
  ms: number;
  /** Pixels. */
  length: number;
  /** Pixels a second. */
  speed: number;
  /** Radians. */
  direction: number;
}

export interface Pointing {
  speeds: number[];
  accelerations: number[];
  /** Degrees between two steps that moved. */
  turns: number[];
  /** Between two movements, 1 where there was a pause, else 0. */
  pauses: number[];
  strokes: { length: number; ms: number; straightness: number }[];
  click_intervals: number[];
  /** From the last movement to the click after it. */
  settling: number[];
}

export function pointingOf({ mouse_movements, clicks }: Behaviour): Pointing {
  const strokes = strokesOf(mouse_movements);
  const steps = strokes.map((places) => pairsOf(places).flatMap(stepOf));
  const pairs = steps.flatMap((stroke) => pairsOf(stroke));
  return {
    speeds: steps.flat().map(({ speed }) => speed),
    accelerations: pairs.map(([before, after]) => (Math.abs(after.speed - before.speed) * 1_000) / after.ms),
    turns: pairs.flatMap(([before, after]) => (before.length > 0 && after.length > 0 ? [turnOf(before, after)] : [])),
    pauses: pairsOf(mouse_movements).map(([before, after]) => (after.t - before.t > PAUSE_MS ? 1 : 0)),
    strokes: strokes.flatMap((places, i) => strokeOf(places, steps[i]!)),
    click_intervals: pairsOf(clicks).map(([before, after]) => after.t - before.t),
    settling: settlingOf(mouse_movements, clicks),
  };
}

function strokesOf(places: readonly Place[]): Place[][] {
  const strokes: Place[][] = [];
  for (const place of places) {
    const last = strokes.at(-1)?.at(-1);
    if (!last || place.t - last.t > PAUSE_MS) strokes.push([]);
    strokes.at(-1)!.push(place);
  }
  return strokes;
}

/** Two places of one millisecond make no speed. */
function stepOf([from, to]: [Place, Place]): Step[] {
  const ms = to.t - from.t;
  if (ms === 0) return [];
  const length = distance(from, to);
  return [{ ms, length, speed: (length * 1_000) / ms, direction: Math.atan2(to.y - from.y, to.x - from.x) }];
}

const distance = (from: Place, to: Place) => Math.sqrt((to.x - from.x) ** 2 + (to.y - from.y) ** 2);

function turnOf(before: Step, after: Step): number {
  const degrees = Math.abs(after.direction - before.direction) * (180 / Math.PI);
  return degrees > 180 ? 360 - degrees : degrees;
}

function strokeOf(places: readonly Place[], steps: readonly Step[]) {
  const length = steps.reduce((sum, step) => sum + step.length, 0);
  if (length === 0) return [];
  const [first, last] = [places[0]!, places.at(-1)!];
  return [{ length, ms: last.t - first.t, straightness: permille(distance(first, last), length) }];
}

/** Both are in order: each movement is passed once. */
function settlingOf(movements: readonly Place[], clicks: readonly Place[]): number[] {
  let passed = 0;
  return clicks.flatMap(({ t }) => {
    while (passed < movements.length && movements[passed]!.t <= t) passed += 1;
    return passed === 0 ? [] : [t - movements[passed - 1]!.t];
  });
}

const MOUSE_STEPS = { component: 'mouse', inputs: 'steps between movements', least: LEAST_STEPS } as const;
const SPEEDS = { ...MOUSE_STEPS, values: ({ speeds }: Pointing) => speeds };
const STROKES = { component: 'mouse', inputs: 'strokes', least: LEAST_STROKES } as const;
const CLICKS = { component: 'mouse', inputs: 'clicks but the first', least: LEAST_CLICKS } as const;
const p90 = (values: readonly number[]) => quantile(values, 900);

export const MOUSE: readonly Measured<Pointing>[] = [
  { name: 'speed_median', unit: 'px/s', formula: 'median of the speeds of steps', ...SPEEDS, of: median },
  {
    name: 'speed_spread',
    unit: 'px/s',
    formula: 'median absolute deviation of the speeds',
    ...SPEEDS,
    of: medianDeviation,
  },
  { name: 'speed_high', unit: 'px/s', formula: 'speed that nine tenths do not exceed', ...SPEEDS, of: p90 },
  {
    ...{
      name: 'acceleration',
      unit: 'px/s²',
      formula: 'median of the change of speed through the time of the later step',
    },
    ...{ ...MOUSE_STEPS, inputs: 'pairs of steps', values: ({ accelerations }) => accelerations, of: median },
  },
  {
    ...{ name: 'turn_median', unit: 'degrees', formula: 'median of the angle between two steps' },
    ...{ ...MOUSE_STEPS, inputs: 'pairs of steps that moved', values: ({ turns }) => turns, of: median },
  },
  {
    ...{ name: 'mouse_pause_share', unit: 'of 1,000', formula: 'gaps above 500 ms between movements, among all' },
    ...{ ...MOUSE_STEPS, inputs: 'pairs of movements', values: ({ pauses }) => pauses },
    of: (values) => permille(values.filter((one) => one === 1).length, values.length),
  },
  {
    ...{ name: 'straightness', unit: 'of 1,000', formula: 'median of a stroke’s chord through its length' },
    ...{ ...STROKES, values: ({ strokes }) => strokes.map(({ straightness }) => straightness), of: median },
  },
  {
    ...{ name: 'stroke_length', unit: 'px', formula: 'median of the lengths of strokes' },
    ...{ ...STROKES, values: ({ strokes }) => strokes.map(({ length }) => length), of: median },
  },
  {
    ...{ name: 'stroke_time', unit: 'ms', formula: 'median of the times of strokes' },
    ...{ ...STROKES, values: ({ strokes }) => strokes.map(({ ms }) => ms), of: median },
  },
  {
    ...{ name: 'click_interval', unit: 'ms', formula: 'median of the times between clicks' },
    ...{ ...CLICKS, values: ({ click_intervals }) => click_intervals, of: median },
  },
  {
    ...{ name: 'click_interval_spread', unit: 'ms', formula: 'median absolute deviation of the times between clicks' },
    ...{ ...CLICKS, values: ({ click_intervals }) => click_intervals, of: medianDeviation },
  },
  {
    ...{ name: 'click_settling', unit: 'ms', formula: 'median of the time from the last movement to the click' },
    ...{ ...CLICKS, inputs: 'clicks after a movement', values: ({ settling }) => settling, of: median },
  },
];
