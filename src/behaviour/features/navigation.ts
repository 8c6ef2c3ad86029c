/** Eight features of reading: how long pages are looked at, how they are come back to, and how they are scrolled. Pure. */
import type { Behaviour, Scroll } from '../behaviour.ts';
import { inOrder, median, medianDeviation, pairsOf, permille } from '../statistics.ts';
import type { Measured } from './feature.ts';

/** Steps further apart are two movements of the wheel. */
const ONE_MOVEMENT_MS = 500;
const LEAST_VIEWS = 5;
const LEAST_SCROLLS = 10;

export interface Reading {
  /** From one page to the next. */
  view_times: Float64Array;
  /** 1 where the page was seen before, else 0; the same of the page before last. */
  revisits: Float64Array;
  returns: Float64Array;
  scroll_steps: Float64Array;
  scroll_speeds: Float64Array;
  /** 1 for upwards. */
  scroll_directions: Float64Array;
}

/** Times, steps and speeds are in order. */
export function readingOf({ navigation, scrolls }: Behaviour): Reading {
  const pages = navigation.map(({ page }) => page);
  return {
    view_times: inOrder(pairsOf(navigation).map(([before, after]) => after.t - before.t)),
    revisits: new Float64Array(revisitsOf(pages)),
    returns: new Float64Array(pages.slice(2).map((page, i) => (page === pages[i] ? 1 : 0))),
    scroll_steps: inOrder(scrolls.map(({ dy }) => Math.abs(dy))),
    scroll_speeds: inOrder(pairsOf(scrolls).flatMap(speedOf)),
    scroll_directions: new Float64Array(scrolls.map(({ dy }) => (dy < 0 ? 1 : 0))),
  };
}

function revisitsOf(pages: readonly number[]): number[] {
  const seen = new Set<number>();
  return pages.map((page) => {
    const isSeen = seen.has(page);
    seen.add(page);
    return isSeen ? 1 : 0;
  });
}

function speedOf([before, { t, dy }]: [Scroll, Scroll]): number[] {
  const ms = t - before.t;
  return ms > 0 && ms <= ONE_MOVEMENT_MS ? [(Math.abs(dy) * 1_000) / ms] : [];
}

const VIEWS = { component: 'navigation', inputs: 'pages but the last', least: LEAST_VIEWS } as const;
const TIMES = { ...VIEWS, values: ({ view_times }: Reading) => view_times };
const SCROLLS = { component: 'navigation', inputs: 'scrolls', least: LEAST_SCROLLS } as const;
const sumOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
const share = (values: Float64Array) => permille(sumOf(values), values.length);

export const NAVIGATION: readonly Measured<Reading>[] = [
  { name: 'view_time', unit: 'ms', formula: 'median of the times from one page to the next', ...TIMES, of: median },
  {
    name: 'view_time_spread',
    unit: 'ms',
    formula: 'median absolute deviation of these times',
    ...TIMES,
    of: medianDeviation,
  },
  {
    ...{ name: 'views_per_minute', unit: 'a minute', formula: '60,000 times the pages through the sum of these times' },
    ...{ ...TIMES, of: (values) => (values.length * 60_000) / Math.max(1, sumOf(values)) },
  },
  {
    ...{ name: 'revisit_share', unit: 'of 1,000', formula: 'pages that were seen before, among all' },
    ...{ ...VIEWS, inputs: 'pages', values: ({ revisits }) => revisits, of: share },
  },
  {
    ...{ name: 'return_share', unit: 'of 1,000', formula: 'pages that are the one before last, among all but two' },
    ...{ ...VIEWS, inputs: 'pages but two', values: ({ returns }) => returns, of: share },
  },
  {
    ...{ name: 'scroll_step', unit: 'px', formula: 'median of how far a scroll goes' },
    ...{ ...SCROLLS, values: ({ scroll_steps }) => scroll_steps, of: median },
  },
  {
    ...{
      name: 'scroll_speed',
      unit: 'px/s',
      formula: 'median of a scroll through the time since the one before, up to 500 ms',
    },
    ...{
      ...SCROLLS,
      inputs: 'pairs of scrolls within 500 ms',
      values: ({ scroll_speeds }) => scroll_speeds,
      of: median,
    },
  },
  {
    ...{ name: 'scroll_up_share', unit: 'of 1,000', formula: 'scrolls upwards, among all' },
    ...{ ...SCROLLS, values: ({ scroll_directions }) => scroll_directions, of: share },
  },
];
