/** How far one number is from what is usual, in thousandths of a standard deviation. Integers in, an integer out. */

export interface Usual {
  median: number;
  /** Median absolute deviation. */
  spread: number;
  /** Of how many sessions. */
  count: number;
}

/** By a feature's name. */
export type UsualFeatures = { [feature: string]: Usual };

/** Of a normal distribution the standard deviation is so many thousandths of the median absolute deviation. */
const SIGMA = 1_483;
/** Five sessions that happen to agree say little of how much the next one may differ: at least a tenth of the median, and 1. */
const LEAST_SHARE = 10;
const MOST = 10_000;

/** With its sign, and within ten standard deviations. */
export function deviation(value: number, { median, spread }: Pick<Usual, 'median' | 'spread'>): number {
  const scale = Math.max(spread * SIGMA, Math.ceil(Math.abs(median) / LEAST_SHARE) * 1_000, 1_000);
  const far = Math.trunc(((value - median) * 1_000_000) / scale);
  return Math.max(-MOST, Math.min(MOST, far));
}

/** 0 up to one standard deviation, 100 from five on, and evenly between. */
export function riskOf(deviation: number): number {
  return Math.max(0, Math.min(100, Math.floor((Math.abs(deviation) - 1_000) / 40)));
}
