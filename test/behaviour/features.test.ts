/** The 35 features: what each is of behaviour that was made for it, and below which count it is null. */
import { expect, test } from 'vitest';
import { type Behaviour, joined, pointsOf } from '../../src/behaviour/behaviour.ts';
import { FEATURES, featuresOf } from '../../src/behaviour/features/features.ts';

const NOTHING: Behaviour = { keystrokes: [], mouse_movements: [], clicks: [], scrolls: [], navigation: [] };
const times = <Item>(count: number, of: (i: number) => Item) => Array.from({ length: count }, (_, i) => of(i));

/** By name, without those that are null. */
function known(behaviour: Partial<Behaviour>): Record<string, number> {
  const vector = featuresOf({ ...NOTHING, ...behaviour });
  return Object.fromEntries(FEATURES.flatMap(({ name }, i) => (vector[i] === null ? [] : [[name, vector[i]!]])));
}

test('are 15 of typing, 12 of pointing and 8 of reading, each with a name, a formula, its inputs and a least count', () => {
  const count = (component: string) => FEATURES.filter((feature) => feature.component === component).length;
  expect(['keystroke', 'mouse', 'navigation'].map(count)).toEqual([15, 12, 8]);
  expect(new Set(FEATURES.map(({ name }) => name)).size).toBe(35);
  for (const { formula, inputs, least } of FEATURES)
    expect([formula !== '', inputs !== '', least > 0]).toEqual([true, true, true]);
});

test('are all null of nothing', () => {
  expect(featuresOf(NOTHING)).toEqual(FEATURES.map(() => null));
});

/** A key each 200 ms, held for 80 and 120 ms by turns; after each tenth key a pause of 800 ms. */
const typed = times(40, (i) => ({
  t: i * 200,
  dwell: i % 2 === 0 ? 80 : 120,
  flight: i === 0 ? 0 : i % 10 === 0 ? 800 : 200,
}));

test('of typing follow from how long keys are down and how they follow each other', () => {
  expect(known({ keystrokes: typed })).toEqual({
    ...{ dwell_median: 100, dwell_spread: 20, dwell_short: 80, dwell_long: 120, dwell_held_share: 0 },
    ...{ flight_median: 200, flight_spread: 0, flight_short: 200, flight_long: 200 },
    // 36 flights of 200 ms and 3 of 800.
    ...{ keys_per_minute: Math.round((39 * 60_000) / 9_600), key_pause_share: 77, dwell_to_flight: 500 },
    ...{ rhythm_change: 0, overlap_share: 0, burst_length: 10 },
  });
});

test('of typing see keys that are held, overlap, and have an uneven rhythm', () => {
  const keystrokes = times(41, (i) => ({ t: i * 150, dwell: 260, flight: i === 0 ? 0 : i % 2 === 0 ? 100 : 300 }));
  expect(known({ keystrokes })).toMatchObject({ dwell_held_share: 1_000, rhythm_change: 200, overlap_share: 500 });
});

test('of typing are null below their counts', () => {
  const names = (count: number) => Object.keys(known({ keystrokes: typed.slice(0, count) }));
  expect(names(19)).toEqual([]);
  expect(names(20)).toEqual(['dwell_median', 'dwell_spread', 'dwell_short', 'dwell_long', 'dwell_held_share']);
  expect(names(21)).toContain('flight_median');
  expect(names(21)).not.toContain('rhythm_change');
  expect(names(22)).toContain('rhythm_change');
});

/** Strokes of eleven places to the right, ten pixels each 20 ms, and then a pause of a second. */
const stroke = (begin: number) => times(11, (i) => ({ t: begin + i * 20, x: 100 + i * 10, y: 50 }));
const strokes = [0, 1_200, 2_400].flatMap(stroke);

test('of pointing follow from places and times', () => {
  const clicks = times(6, (i) => ({ t: 200 + i * 500, x: 200, y: 50 }));
  expect(known({ mouse_movements: strokes, clicks })).toEqual({
    ...{ speed_median: 500, speed_spread: 0, speed_high: 500, acceleration: 0, turn_median: 0 },
    ...{ mouse_pause_share: 63, straightness: 1_000, stroke_length: 100, stroke_time: 200 },
    ...{ click_interval: 500, click_interval_spread: 0, click_settling: 200 },
  });
});

test('of pointing see corners, and take a turn through the back for what it is', () => {
  const square = times(24, (i) => ({ t: i * 20, x: [0, 10, 10, 0][i % 4]!, y: [0, 0, 10, 10][i % 4]! }));
  expect(known({ mouse_movements: square })).toMatchObject({ turn_median: 90, speed_median: 500 });
});

test('of pointing make no speed of two places at one time', () => {
  const mouse_movements = times(30, () => ({ t: 5, x: 1, y: 1 }));
  expect(known({ mouse_movements })).toEqual({ mouse_pause_share: 0 });
});

test('of reading follow from pages and scrolls', () => {
  const navigation = [0, 1, 0, 2, 1, 2].map((page, i) => ({ t: i * 10_000, page }));
  const scrolls = times(12, (i) => ({ t: i * 100, dy: i % 4 === 3 ? -120 : 120 }));
  expect(known({ navigation, scrolls })).toEqual({
    ...{ view_time: 10_000, view_time_spread: 0, views_per_minute: 6, revisit_share: 500 },
    ...{ scroll_step: 120, scroll_speed: 1_200, scroll_up_share: 250 },
  });
  expect(known({ navigation: [...navigation, { t: 60_000, page: 1 }] })).toMatchObject({ return_share: 600 });
});

test('portions are one, by the times at which they began, and their pages are never the same', () => {
  const later = { ...NOTHING, clicks: [{ t: 5, x: 1, y: 1 }], navigation: [{ t: 0, page: 0 }] };
  const earlier = { ...NOTHING, clicks: [{ t: 7, x: 2, y: 2 }], navigation: [{ t: 1, page: 0 }] };
  const all = joined([
    { started_at: '2026-09-24T10:00:30.000Z', behaviour: later },
    { started_at: '2026-09-24T10:00:00.000Z', behaviour: earlier },
  ]);
  expect(all.clicks).toEqual([
    { t: 7, x: 2, y: 2 },
    { t: 30_005, x: 1, y: 1 },
  ]);
  expect(new Set(all.navigation.map(({ page }) => page)).size).toBe(2);
  expect(pointsOf(all)).toBe(4);
});

test('portions that overlap are in the order of their times, and of one time in the order of portions', () => {
  const started_at = '2026-09-24T10:00:00.000Z';
  const portion = (x: number, ...at: number[]) => ({
    started_at,
    behaviour: { ...NOTHING, clicks: at.map((t) => ({ t, x, y: 0 })) },
  });
  const { clicks } = joined([portion(1, 3, 5, 5), portion(2, 1, 5, 9), portion(3, 7, 0, 5)]);
  expect(clicks.map(({ t, x }) => [t, x])).toEqual([
    ...[
      [0, 3],
      [1, 2],
      [3, 1],
      [5, 1],
      [5, 1],
      [5, 2],
      [5, 3],
      [7, 3],
      [9, 2],
    ],
  ]);
});
