/** Baselines and the risk that is reckoned from them: integers, the same each time, with what they were made of. */
import { expect, test } from 'vitest';
import { FEATURES, type Vector } from '../../src/behaviour/features/features.ts';
import { baselineOf } from '../../src/behaviour/risk/baseline.ts';
import { deviation, riskOf } from '../../src/behaviour/risk/deviation.ts';
import { actionOf, assessRisk, levelOf, type Observed, UNKNOWN } from '../../src/behaviour/risk/risk.ts';
import { distanceOf } from '../../src/behaviour/risk/shape.ts';
import { timeRisk } from '../../src/behaviour/risk/timeRisk.ts';

const NOON = '2026-09-24T12:00:00.000Z';
const at = (hour: string) => `2026-01-15T${hour}:30:00.000Z`;
const everywhere = (value: number): Vector => FEATURES.map(() => value);
const only = (vector: Vector, ...components: string[]) =>
  vector.map((value, i) => (components.includes(FEATURES[i]!.component) ? value : null));
/** Sessions about 1,000, twenty apart. */
const usual = (count: number) => Array.from({ length: count }, (_, i) => everywhere(960 + (i % 5) * 20));
const observed = (vector: Vector, changes: Partial<Observed> = {}): Observed => ({
  ...{ vector, points: 500, at: NOON, lasted_ms: 600_000, zone: 'UTC', auto_terminate: false },
  ...changes,
});
const assess = (vector: Vector, changes: Partial<Observed> = {}) =>
  assessRisk(baselineOf(usual(5)), observed(vector, changes));

test('a baseline takes five sessions, and five of each feature', () => {
  expect(baselineOf(usual(4))).toBeNull();
  const [first, ...rest] = usual(5);
  const baseline = baselineOf([only(first!, 'keystroke', 'mouse'), ...rest])!;
  expect(baseline).toMatchObject({ sessions: 5, shapes: [] });
  expect(baseline.usual.dwell_median).toEqual({ median: 1_000, spread: 20, count: 5 });
  expect(baseline.usual).not.toHaveProperty('view_time');
});

test('a deviation is in thousandths of a standard deviation, which is a tenth of the median at least, and one', () => {
  expect(deviation(1_296, { median: 1_000, spread: 200 })).toBe(997);
  expect(deviation(1_200, { median: 1_000, spread: 0 })).toBe(2_000);
  expect(deviation(-3, { median: 0, spread: 0 })).toBe(-3_000);
  expect(deviation(1_000_000, { median: 1, spread: 0 })).toBe(10_000);
  expect([0, 1_000, 3_000, -3_000, 5_000, 10_000].map(riskOf)).toEqual([0, 0, 50, 50, 100, 100]);
});

test('nothing is said without a baseline, of fewer than fifty points, or of no feature that is known', () => {
  expect(assessRisk(null, observed(everywhere(1_000)))).toBe(UNKNOWN);
  expect(assess(everywhere(1_000), { points: 49 })).toBe(UNKNOWN);
  expect(assess(FEATURES.map(() => null))).toBe(UNKNOWN);
  expect(UNKNOWN).toMatchObject({ score: null, level: 'unknown', action: 'continue' });
});

test('who is as usual by day has a low risk, of the hour alone', () => {
  expect(assess(everywhere(1_000))).toEqual({
    ...{ score: 2, level: 'low', action: 'continue', anomalies: [], weighed_most: 'time' },
    components: { keystroke: 0, mouse: 0, navigation: 0, time: 10 },
  });
});

test('components weigh 35, 30, 20 and 15, and what is not known does not count', () => {
  const different = everywhere(2_000);
  const one = (component: string) =>
    different.map((value, i) => (FEATURES[i]!.component === component ? value : 1_000)) as Vector;
  expect(assess(one('keystroke')).score).toBe(Math.round((35 * 100 + 15 * 10) / 100));
  expect(assess(one('mouse')).score).toBe(Math.round((30 * 100 + 15 * 10) / 100));
  expect(assess(one('navigation')).score).toBe(Math.round((20 * 100 + 15 * 10) / 100));
  expect(assess(only(different, 'mouse'))).toMatchObject({
    score: Math.round((30 * 100 + 15 * 10) / 45),
    components: { keystroke: null, mouse: 100, navigation: null, time: 10 },
  });
});

test('a component above 70 is an anomaly: of typing and pointing high, of reading and the hour medium', () => {
  const risk = assess(everywhere(2_000), { at: at('03'), lasted_ms: 30_000 });
  expect(risk).toMatchObject({ score: Math.round((85 * 100 + 15 * 90) / 100), level: 'critical' });
  expect(risk.anomalies).toEqual([
    { component: 'keystroke', severity: 'high' },
    { component: 'mouse', severity: 'high' },
    { component: 'navigation', severity: 'medium' },
    { component: 'time', severity: 'medium' },
  ]);
});

test('what weighed most is the feature furthest from usual in the component that adds most', () => {
  const vector = everywhere(1_000);
  for (const [i, { component }] of FEATURES.entries()) if (component === 'mouse') vector[i] = 1_400;
  vector[FEATURES.findIndex(({ name }) => name === 'straightness')] = 1_600;
  expect(assess(vector).weighed_most).toBe('straightness');
});

test('a component of fewer than three known features is not known', () => {
  const vector: Vector = FEATURES.map(() => null);
  vector[0] = vector[1] = 5_000;
  expect(assess(vector)).toBe(UNKNOWN);
  vector[2] = 5_000;
  expect(assess(vector).components.keystroke).toBe(100);
});

test('levels begin at 31, 61 and 80, and only an institution that wants it ends a session by itself', () => {
  expect([0, 30, 31, 60, 61, 79, 80, 100].map(levelOf)).toEqual([
    'low',
    'low',
    'medium',
    'medium',
    'high',
    'high',
    'critical',
    'critical',
  ]);
  const levels = ['unknown', 'low', 'medium', 'high', 'critical'] as const;
  expect(levels.map((level) => actionOf(level, false))).toEqual([
    'continue',
    'continue',
    'monitor',
    'reauthenticate',
    'reauthenticate',
  ]);
  expect(actionOf('critical', true)).toBe('terminate');
});

test('the hour is that of the institution', () => {
  const risk = (hour: string, zone = 'UTC') => timeRisk(at(hour), zone, 600_000);
  expect(['00', '01', '02', '05', '06', '21', '22', '23'].map((hour) => risk(hour))).toEqual([
    40, 40, 60, 60, 10, 10, 40, 40,
  ]);
  // 12:30 in London is 21:30 in Tokyo, 02:30 in Honolulu.
  expect(risk('12', 'Asia/Tokyo')).toBe(10);
  expect(risk('13', 'Asia/Tokyo')).toBe(40);
  expect(risk('12', 'Pacific/Honolulu')).toBe(60);
  expect(risk('12', 'Asia/Kathmandu')).toBe(10);
});

test('more than four hours add 20, less than a minute adds 30', () => {
  const risk = (lasted_ms: number) => timeRisk(at('12'), 'UTC', lasted_ms);
  expect([59_999, 60_000, 14_400_000, 14_400_001].map(risk)).toEqual([40, 10, 10, 30]);
});

test('with twelve sessions features that go together are judged together', () => {
  const together = ['dwell_median', 'flight_median', 'rhythm_change'];
  // The three rise and fall together, by up to 400 either way.
  const sessions = Array.from({ length: 16 }, (_, i) => everywhere(1_000 + ((i % 5) - 2) * 200));
  const baseline = baselineOf(sessions)!;
  expect(baseline.shapes.map(({ component }) => component)).toEqual(['keystroke', 'mouse']);
  const [shape] = baseline.shapes;
  const apart = everywhere(1_000);
  for (const [i, name] of together.entries()) {
    apart[FEATURES.findIndex((feature) => feature.name === name)] = 1_000 + (i === 1 ? -1 : 1) * 400;
  }
  const along = everywhere(1_400);
  expect(distanceOf(apart, shape!, baseline.usual)!).toBeGreaterThan(distanceOf(along, shape!, baseline.usual)!);
  expect(distanceOf(everywhere(1_000), shape!, baseline.usual)).toBe(0);
  expect(distanceOf(only(apart, 'mouse'), shape!, baseline.usual)).toBeNull();
});

test('the same sessions make the same baseline, in whatever order they come', () => {
  const sessions = Array.from({ length: 20 }, (_, i) => FEATURES.map((_, f) => ((i * 7 + f * 13) % 41) * 10));
  const baseline = baselineOf(sessions)!;
  expect(baselineOf(sessions.toReversed())).toEqual(baseline);
  expect(Object.values(baseline.usual).every(({ median, spread }) => Number.isInteger(median + spread))).toBe(true);
  for (const { inverse } of baseline.shapes) expect(inverse.every(Number.isSafeInteger)).toBe(true);
});
