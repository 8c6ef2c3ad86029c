/** Twelve features of pointing: how fast, how straight, in what strokes, and how a click follows them. Pure. */
import type { Behaviour, Place } from '../behaviour.ts';
import { inOrder, median, medianDeviation, pairsOf, permille, quantile } from '../statistics.ts';
import type { Measured } from './feature.ts';

/** After so long without a movement another stroke begins. */
const PAUSE_MS = 500;
const LEAST_STEPS = 20;
const LEAST_STROKES = 3;
const LEAST_CLICKS = 5;

interface Step {
  /** Pixels. */
  length: number;
  /** Pixels a second. */
  speed: number;
  /** Radians. */
  direction: number;
}

export interface Pointing {
  speeds: Float64Array;
  accelerations: Float64Array;
  /** Degrees between two steps that moved. */
  turns: Float64Array;
  /** Between two movements, 1 where there was a pause, else 0. */
  pauses: Float64Array;
  /** Of strokes that moved. */
  lengths: Float64Array;
  times: Float64Array;
  straightnesses: Float64Array;
  click_intervals: Float64Array;
  /** From the last movement to the click after it. */
  settling: Float64Array;
}

/** What movements are gone through for, once. */
const nothing = () => ({
  ...{ speeds: [] as number[], accelerations: [] as number[], turns: [] as number[], pauses: [] as number[] },
  ...{ lengths: [] as number[], times: [] as number[], straightnesses: [] as number[] },
});
type Gone = ReturnType<typeof nothing>;

/** All in order but the pauses. */
export function pointingOf({ mouse_movements, clicks }: Behaviour): Pointing {
  const gone = nothing();
  for (let begin = 0; begin < mouse_movements.length; ) begin = goThrough(mouse_movements, begin, gone);
  return {
    speeds: inOrder(gone.speeds),
    accelerations: inOrder(gone.accelerations),
    turns: inOrder(gone.turns),
    pauses: new Float64Array(gone.pauses),
    lengths: inOrder(gone.lengths),
    times: inOrder(gone.times),
    straightnesses: inOrder(gone.straightnesses),
    click_intervals: inOrder(pairsOf(clicks).map(([before, after]) => after.t - before.t)),
    settling: inOrder(settlingOf(mouse_movements, clicks)),
  };
}

/** One stroke. @returns where the next begins */
function goThrough(places: readonly Place[], begin: number, gone: Gone): number {
  let stroke = 0;
  let before: Step | undefined;
  let next = begin + 1;
  for (; next < places.length; next += 1) {
    const [from, to] = [places[next - 1]!, places[next]!];
    const ms = to.t - from.t;
    gone.pauses.push(ms > PAUSE_MS ? 1 : 0);
    if (ms > PAUSE_MS) break;
    // Two places of one millisecond make no speed.
    if (ms === 0) continue;
    const step = stepOf(from, to, ms);
    stroke += step.length;
    gone.speeds.push(step.speed);
    if (before) gone.accelerations.push((Math.abs(step.speed - before.speed) * 1_000) / ms);
    if (before && before.length > 0 && step.length > 0) gone.turns.push(turnOf(before, step));
    before = step;
  }
  if (stroke > 0) {
    const [first, last] = [places[begin]!, places[next - 1]!];
    gone.lengths.push(stroke);
    gone.times.push(last.t - first.t);
    gone.straightnesses.push(permille(distance(first, last), stroke));
  }
  return next;
}

function stepOf(from: Place, to: Place, ms: number): Step {
  const length = distance(from, to);
  return { length, speed: (length * 1_000) / ms, direction: Math.atan2(to.y - from.y, to.x - from.x) };
}

const distance = (from: Place, to: Place) => Math.sqrt((to.x - from.x) ** 2 + (to.y - from.y) ** 2);

function turnOf(before: Step, after: Step): number {
  const degrees = Math.abs(after.direction - before.direction) * (180 / Math.PI);
  return degrees > 180 ? 360 - degrees : degrees;
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
const p90 = (values: Float64Array) => quantile(values, 900);

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
    ...{ ...STROKES, values: ({ straightnesses }) => straightnesses, of: median },
  },
  {
    ...{ name: 'stroke_length', unit: 'px', formula: 'median of the lengths of strokes' },
    ...{ ...STROKES, values: ({ lengths }) => lengths, of: median },
  },
  {
    ...{ name: 'stroke_time', unit: 'ms', formula: 'median of the times of strokes' },
    ...{ ...STROKES, values: ({ times }) => times, of: median },
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
