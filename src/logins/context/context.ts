/**
 * How well what is known of a login session fits its person: the device, the network, the time of day, the place and what
 * became of the person's other sign-ins. Integers from 0, which fits badly, to 100; where nothing is known a part is neutral.
 * Pure.
 */
import { z } from 'zod';
import { localHour, partOfDay } from '../../core/localHour.ts';
import { isImpossible, isNear, type Place, type Seen } from './travel.ts';

/** Of somebody of whom nothing is known. */
export const NEUTRAL = 75;

export const PARTS = ['device', 'network', 'time', 'location', 'history'] as const;
export type Part = (typeof PARTS)[number];
/** Of a hundred. */
export const WEIGHTS: Readonly<Record<Part, number>> = { device: 25, network: 25, time: 20, location: 15, history: 15 };

const score = z.int().min(0).max(100);
export const contextSchema = z.strictObject({
  score,
  parts: z.strictObject({ device: score, network: score, time: score, location: score, history: score }),
  /** Parts that are neutral because nothing is known. */
  unknown: z.array(z.enum(PARTS)),
});
export type Context = z.output<typeof contextSchema>;

/** What is known of a login session beside others of the same person in the same institution, those that were ended left out. */
export interface ContextFacts {
  /** In milliseconds. */
  now: number;
  /** Null where no institution has said where its days begin. */
  time_zone: string | null;
  /** Other sign-ins of the person that nobody ended. */
  others: number;
  /** Null where the session was seen nowhere yet. */
  knows_device: boolean | null;
  knows_network: boolean | null;
  /** The end of this one was asked for. */
  is_ending: boolean;
  /** Other sign-ins that somebody else ended, or the person. */
  ended_by_others: number;
  ended_by_person: number;
  /** Where it is used from now. */
  here: Place | null;
  /** Where it and others were seen. */
  seen: readonly Seen[];
  /** Places of other sign-ins that nobody ended. */
  usual: readonly Place[];
}

const OF_HOURS = { night: 40, late: 60, day: 100 };
const NEW_DEVICE = 40;
const NEW_NETWORK = 50;
const NEW_PLACE = 50;
/** Of a device and a network that are both new: by day, and where nobody knows places, all the rest would make up for them. */
const MOST_OF_STRANGER = 59;
const OF_ENDED = { this_one: 0, by_others: 25, by_person: 60 };
/** So many sign-ins, and none of them ended before its time, are a good history. */
const MANY = 3;
const FEW = 85;

export const UNKNOWN_CONTEXT: Context = contextOf({
  ...{ device: null, network: null, time: null, location: null, history: null },
});

export function assessContext(facts: ContextFacts): Context {
  const compared = (isKnown: boolean | null, otherwise: number) =>
    facts.others === 0 || isKnown === null ? null : isKnown ? 100 : otherwise;
  const context = contextOf({
    device: compared(facts.knows_device, NEW_DEVICE),
    network: compared(facts.knows_network, NEW_NETWORK),
    time: facts.time_zone === null ? null : OF_HOURS[partOfDay(localHour(facts.now, facts.time_zone))],
    location: locationOf(facts),
    history: historyOf(facts),
  });
  const isStranger = facts.others > 0 && facts.knows_device === false && facts.knows_network === false;
  return isStranger ? { ...context, score: Math.min(context.score, MOST_OF_STRANGER) } : context;
}

function contextOf(known: Record<Part, number | null>): Context {
  const parts = Object.fromEntries(PARTS.map((part) => [part, known[part] ?? NEUTRAL])) as Record<Part, number>;
  const weighed = PARTS.reduce((sum, part) => sum + WEIGHTS[part] * parts[part], 0);
  return { score: Math.round(weighed / 100), parts, unknown: PARTS.filter((part) => known[part] === null) };
}

function locationOf({ here, seen, usual, now }: ContextFacts): number | null {
  if (isImpossible(seen, now)) return 0;
  if (here === null || usual.length === 0) return null;
  return usual.some((place) => isNear(place, here)) ? 100 : NEW_PLACE;
}

function historyOf({ is_ending, ended_by_others, ended_by_person, others }: ContextFacts): number | null {
  if (is_ending) return OF_ENDED.this_one;
  if (ended_by_others > 0) return OF_ENDED.by_others;
  if (ended_by_person > 0) return OF_ENDED.by_person;
  if (others === 0) return null;
  return others >= MANY ? 100 : FEW;
}
