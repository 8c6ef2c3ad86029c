/** The formats that competitions use, as data. What a rule book leaves open stands as the general moot has it. */

import { workableFormat } from './feasibleFormat.ts';
import type { Format, Kind, Side } from './format.ts';

const MINUTE_MS = 60_000;
const minutes = (...list: number[]) => list.map((n) => n * MINUTE_MS);

type Times = { min?: number; protected?: number; objections?: boolean };

function segment(side: Side, kind: Kind, allotted: number, { min = 0, ...times }: Times = {}) {
  return {
    side,
    kind,
    allotted_ms: allotted * MINUTE_MS,
    min_ms: min * MINUTE_MS,
    protected_ms: (times.protected ?? 0) * MINUTE_MS,
    objections: times.objections ?? false,
  };
}

/** Two oralists a side, each with at least 7 of the side's 20 minutes: that leaves 6 for a rebuttal at most. */
const oral = (times: Times) => [
  segment('petitioner', 'argument', 10, { min: 7, ...times }),
  segment('petitioner', 'argument', 10, { min: 7, ...times }),
  segment('respondent', 'argument', 10, { min: 7, ...times }),
  segment('respondent', 'argument', 10, { min: 7, ...times }),
  segment('petitioner', 'rebuttal', 0, { ...times, protected: 0 }),
];

const general = {
  side_ms: 20 * MINUTE_MS,
  cards_ms: minutes(10, 7, 5, 3, 1),
  pauses: { objection: true, question: false },
  on_expiry: 'stop_card',
  grounds: 'points',
} as const;

const trial = (opening: number, direct: number, cross: number, closing: number) => [
  segment('petitioner', 'opening', opening),
  segment('respondent', 'opening', opening),
  segment('petitioner', 'examination', direct, { objections: true }),
  segment('respondent', 'examination', cross, { objections: true }),
  segment('respondent', 'examination', direct, { objections: true }),
  segment('petitioner', 'examination', cross, { objections: true }),
  segment('petitioner', 'closing', closing),
  segment('respondent', 'closing', closing),
  segment('petitioner', 'rebuttal', 0),
];

const TRIAL_CARDS_MS = [...minutes(20, 15, 10, 5, 4, 3, 2, 1), 40_000, 20_000];

const DEFINITIONS = {
  'moot-20': {
    ...general,
    segments: oral({ objections: true }),
    rebuttal: { min_ms: MINUTE_MS, max_ms: 6 * MINUTE_MS },
  },
  ncfca: {
    ...general,
    segments: oral({ objections: true, protected: 1 }),
    rebuttal: { min_ms: MINUTE_MS, max_ms: 4 * MINUTE_MS, step_ms: MINUTE_MS, required: true, fixed: true },
  },
  'jessup-45': {
    ...general,
    side_ms: 45 * MINUTE_MS,
    cards_ms: minutes(5, 3, 1),
    segments: [
      segment('petitioner', 'argument', 20, { min: 15, objections: true }),
      segment('petitioner', 'argument', 20, { min: 15, objections: true }),
      segment('respondent', 'argument', 20, { min: 15, objections: true }),
      segment('respondent', 'argument', 20, { min: 15, objections: true }),
      segment('petitioner', 'rebuttal', 5, { objections: true }),
      segment('respondent', 'sur_rebuttal', 5, { objections: true }),
    ],
    rebuttal: { min_ms: MINUTE_MS, max_ms: 5 * MINUTE_MS },
  },
  // Time runs for none of: objections, questions of the bench, the oath. What is left of a segment goes to no other.
  'mock-trial-tba': {
    segments: trial(5, 20, 14, 5),
    cards_ms: TRIAL_CARDS_MS,
    rebuttal: { min_ms: 1_000, max_ms: MINUTE_MS },
    pauses: { objection: true, question: true },
    max_extension_ms: 30_000,
    exhibits: { images: true },
  },
  // However much is reserved, the closing keeps a second: no turn is held without time.
  amta: {
    segments: trial(5, 25, 25, 9),
    cards_ms: TRIAL_CARDS_MS,
    rebuttal: { min_ms: 1_000, max_ms: 9 * MINUTE_MS - 1_000 },
    pauses: { objection: true, question: true },
    on_expiry: 'end',
    exhibits: { images: true },
  },
} as const;

export type TemplateName = keyof typeof DEFINITIONS;
export const TEMPLATE_NAMES = Object.keys(DEFINITIONS) as TemplateName[];

export const TEMPLATES: ReadonlyMap<string, Format> = new Map(
  Object.entries(DEFINITIONS).map(([name, definition]) => [name, workableFormat.parse({ name, ...definition })]),
);

/** What an assignment's `format` means. @throws when it names no template: the door lets no such name in */
export function resolveFormat(named: string | Format): Format {
  if (typeof named !== 'string') return named;
  const found = TEMPLATES.get(named);
  if (!found) throw new Error(`no format is named ${named}`);
  return found;
}
