/** Fifteen features of typing: how long keys are down, how they follow each other, and in what rhythm. Pure. */
import type { Behaviour, Keystroke } from '../behaviour.ts';
import { inOrder, median, medianDeviation, permille, quantile } from '../statistics.ts';
import type { Measured } from './feature.ts';

/** A longer one is no typing but thinking. */
const LONGEST_FLIGHT_MS = 2_000;
const PAUSE_MS = 500;
const LONG_DWELL_MS = 200;
const LEAST_KEYS = 20;
const LEAST_BURSTS = 3;

export interface Typing {
  dwells: Float64Array;
  /** Above 0 and up to two seconds. */
  flights: Float64Array;
  /** How far each of them is from the one before. */
  changes: Float64Array;
  /** 1 where a key went down before the one before it was up, else 0. */
  overlaps: Float64Array;
  /** Keys between two pauses. */
  bursts: Float64Array;
}

/** All in order but the overlaps. */
export function typingOf({ keystrokes }: Behaviour): Typing {
  const flights: number[] = [];
  const changes: number[] = [];
  const overlaps: number[] = [];
  for (const [i, { flight }] of keystrokes.entries()) {
    if (flight <= 0) continue;
    if (i > 0) overlaps.push(flight < keystrokes[i - 1]!.dwell ? 1 : 0);
    if (flight > LONGEST_FLIGHT_MS) continue;
    if (flights.length > 0) changes.push(Math.abs(flight - flights.at(-1)!));
    flights.push(flight);
  }
  return {
    dwells: inOrder(keystrokes.map(({ dwell }) => dwell)),
    flights: inOrder(flights),
    changes: inOrder(changes),
    overlaps: new Float64Array(overlaps),
    bursts: inOrder(burstsOf(keystrokes)),
  };
}

function burstsOf(keystrokes: readonly Keystroke[]): number[] {
  const bursts: number[] = [];
  for (const { flight } of keystrokes) {
    if (bursts.length === 0 || flight === 0 || flight > PAUSE_MS) bursts.push(0);
    bursts[bursts.length - 1]! += 1;
  }
  return bursts;
}

const sumOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
const shareAbove = (limit: number) => (values: Float64Array) =>
  permille(values.filter((value) => value > limit).length, values.length);

const KEYS = { component: 'keystroke', inputs: 'keystrokes', least: LEAST_KEYS } as const;
const DWELLS = { ...KEYS, values: ({ dwells }: Typing) => dwells };
const FLIGHTS = { ...KEYS, inputs: 'flights up to 2,000 ms', values: ({ flights }: Typing) => flights };
const p10 = (values: Float64Array) => quantile(values, 100);
const p90 = (values: Float64Array) => quantile(values, 900);

export const KEYSTROKE: readonly Measured<Typing>[] = [
  { name: 'dwell_median', unit: 'ms', formula: 'median of the dwells', ...DWELLS, of: median },
  {
    name: 'dwell_spread',
    unit: 'ms',
    formula: 'median absolute deviation of the dwells',
    ...DWELLS,
    of: medianDeviation,
  },
  { name: 'dwell_short', unit: 'ms', formula: 'dwell that a tenth does not exceed', ...DWELLS, of: p10 },
  { name: 'dwell_long', unit: 'ms', formula: 'dwell that nine tenths do not exceed', ...DWELLS, of: p90 },
  {
    ...{ name: 'dwell_held_share', unit: 'of 1,000', formula: 'dwells above 200 ms among all' },
    ...{ ...DWELLS, of: shareAbove(LONG_DWELL_MS) },
  },
  { name: 'flight_median', unit: 'ms', formula: 'median of the flights', ...FLIGHTS, of: median },
  {
    name: 'flight_spread',
    unit: 'ms',
    formula: 'median absolute deviation of the flights',
    ...FLIGHTS,
    of: medianDeviation,
  },
  { name: 'flight_short', unit: 'ms', formula: 'flight that a tenth does not exceed', ...FLIGHTS, of: p10 },
  { name: 'flight_long', unit: 'ms', formula: 'flight that nine tenths do not exceed', ...FLIGHTS, of: p90 },
  {
    ...{ name: 'keys_per_minute', unit: 'a minute', formula: '60,000 times the flights through their sum' },
    ...{ ...FLIGHTS, of: (values) => (values.length * 60_000) / sumOf(values) },
  },
  {
    ...{ name: 'key_pause_share', unit: 'of 1,000', formula: 'flights above 500 ms among all' },
    ...{ ...FLIGHTS, of: shareAbove(PAUSE_MS) },
  },
  {
    ...{ name: 'dwell_to_flight', unit: 'of 1,000', formula: 'median of the dwells through that of the flights' },
    ...{ ...FLIGHTS, of: (values, { dwells }) => permille(median(dwells), Math.max(1, median(values))) },
  },
  {
    ...{ name: 'rhythm_change', unit: 'ms', formula: 'median of how far a flight is from the one before' },
    ...{ ...KEYS, inputs: 'pairs of flights', values: ({ changes }) => changes, of: median },
  },
  {
    ...{ name: 'overlap_share', unit: 'of 1,000', formula: 'keys pressed before the one before was up, among all' },
    ...{ ...KEYS, inputs: 'pairs of keystrokes', values: ({ overlaps }) => overlaps },
    of: (values) => permille(sumOf(values), values.length),
  },
  {
    ...{ name: 'burst_length', unit: 'keys', formula: 'median of the keys between two pauses of 500 ms' },
    ...{ ...KEYS, inputs: 'bursts', least: LEAST_BURSTS, values: ({ bursts }) => bursts, of: median },
  },
];
