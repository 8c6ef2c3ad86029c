/**
 * A match, as boards follow it: one of a tournament's site, or one of our own rooms (provider `internal`). It is no part of
 * the record: it is read again from where it comes from, and kept for a time.
 */
import { z } from 'zod';
import { isVisible, type Scope, type Visibility } from '../../access/scope.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import { at, count, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { EXAMPLE, exampleId } from '../../core/definitions/exampleValues.ts';

export const PHASES = [
  'scheduled',
  'pre_match',
  'live',
  'break',
  'suspended',
  'scoring',
  'finished',
  'postponed',
  'cancelled',
] as const;
export type Phase = (typeof PHASES)[number];

/** In which nothing more is to come. */
export const OVER: readonly Phase[] = ['finished', 'postponed', 'cancelled'];
/** In which events and statistics may come, too. */
export const UNDER_WAY: readonly Phase[] = ['live', 'break', 'suspended', 'scoring'];

/** 0 is what a scoreboard shows, 1 what happened, 2 what is counted. */
export const TIERS = [0, 1, 2] as const;
export type Tier = (typeof TIERS)[number];

export const INTERNAL = 'internal';

/** How long a match is kept after its time and its last change. */
export const KEPT_DAYS = 90;

export const SIDES = ['petitioner', 'respondent'] as const;

/** Points in whole hundredths would be a site's own matter: they are shown as that site has them. */
const score = z.strictObject({
  petitioner: z.number().nullable(),
  respondent: z.number().nullable(),
  winner: z.enum(SIDES).nullable(),
});
export type Score = z.output<typeof score>;

/** What is public of a match at one instant: tier 0. */
const shownState = z.strictObject({
  phase: z.enum(PHASES),
  score: score.nullable(),
  title: text,
  /** The teams, where the site names them. */
  petitioner: text.nullable(),
  respondent: text.nullable(),
  courtroom: text.nullable(),
  scheduled_at: at.nullable(),
  /** The speech under way in a room of ours, and when its time is up; null while the clock is stopped. */
  speaker: z
    .strictObject({ name: text.nullable(), side: z.enum(SIDES), kind: text, deadline: at.nullable() })
    .nullable(),
  /** By how many whole minutes a room of ours is late, as of this state. */
  behind_minutes: count,
  /** Completed here, while its result is not confirmed where the match comes from. */
  awaits_result: z.boolean(),
});
export type ShownState = z.output<typeof shownState>;

export interface Match {
  id: string;
  institution_id: string;
  visibility: Visibility;
  provider: string;
  feed_id: string | null;
  round: number | null;
  assignment_id: string | null;
  session_id: string | null;
  title: string;
  courtroom: string | null;
  scheduled_at: string | null;
  phase: Phase;
  /** The assignment's, of one of our own rooms. */
  scope: Scope | null;
}

/** A tier as it stands; of tier 1 the state says nothing, as that is its events. */
export interface TierState {
  match_id: string;
  tier: Tier;
  version: number;
  seq: number;
  state: JsonObject;
  updated_at: string;
}

const eventSchema = z.strictObject({
  seq: count,
  provider: text,
  kind: text,
  at,
  details: z.record(z.string(), z.unknown()),
  /** In per cent; below 100 where it was derived from two states. */
  confidence: z.int().min(30).max(100),
  /** A provider has said since what was derived. */
  superseded: z.boolean(),
});
export type MatchEvent = z.output<typeof eventSchema>;

/** May this person, or a board, or a reader without a token (null), see it? */
export function maySeeMatch(holder: Actor | null, { scope, institution_id, visibility }: Match): boolean {
  const ofFeed = { assignment_id: '', session_id: null, institution_id, visibility, roster: NOBODY, replaced: NONE };
  return isVisible(scope ?? ofFeed, holder);
}

const NOBODY: Scope['roster'] = new Map();
const NONE: Scope['replaced'] = new Set();

const shown = {
  id: uuid,
  provider: text,
  assignment_id: uuid.nullable(),
  session_id: uuid.nullable(),
  version: count,
  seq: count,
  ...shownState.shape,
  updated_at: at,
};

const EXAMPLE_STATE: ShownState = {
  phase: 'live',
  score: null,
  title: 'Harbour v. Atlas',
  petitioner: null,
  respondent: null,
  courtroom: 'Hall B',
  scheduled_at: EXAMPLE.started_at,
  speaker: { name: 'Noor Haddad', side: 'petitioner', kind: 'opening', deadline: '2026-09-24T10:20:00.000Z' },
  behind_minutes: 4,
  awaits_result: false,
};

const EXAMPLE_MATCH = {
  ...{ id: exampleId('02'), provider: INTERNAL, assignment_id: exampleId('02'), session_id: exampleId('03') },
  ...{ version: 7, seq: 3, ...EXAMPLE_STATE, updated_at: EXAMPLE.now },
};

export const matchItem = named('Match', z.strictObject(shown), EXAMPLE_MATCH);
export const matchList = listOf('MatchList', matchItem);

/** Two feeds of an institution say different things of what is one match. */
const dispute = z.strictObject({
  match_ids: z.array(uuid),
  scores: z.array(score),
  found_at: at,
});

export const matchAnswer = named(
  'MatchDetails',
  /** Disputes are for admins of its institution; all others are shown none. */
  z.strictObject({ ...shown, disputes: z.array(dispute) }),
  { ...EXAMPLE_MATCH, disputes: [] },
);

export const stateAnswer = named(
  'MatchState',
  z.strictObject({
    match_id: uuid,
    version: count,
    seq: count,
    state: shownState,
    stats: z.record(z.string(), z.unknown()).nullable(),
    updated_at: at,
  }),
  {
    ...{ match_id: exampleId('02'), version: 7, seq: 3, state: EXAMPLE_STATE },
    ...{ stats: null, updated_at: EXAMPLE.now },
  },
);

const eventItem = named('MatchEvent', eventSchema, {
  ...{ seq: 3, provider: INTERNAL, kind: 'phase', at: EXAMPLE.now },
  ...{ details: { from: 'pre_match', to: 'live' }, confidence: 95, superseded: false },
});
export const eventList = listOf('MatchEventList', eventItem);
