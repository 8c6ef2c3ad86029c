/**
 * What is kept of Tabbycat's answers: ids, names, code names, sides, seats, rooms and times. All else falls here, before
 * anything is logged, kept or told: addresses, telephone numbers, genders, private URLs, motions.
 */
import { z } from 'zod';
import { OutboundError, type Reading } from '../../../core/definitions/outbound.ts';
import { cleanLine } from '../clean.ts';
import { DRAW_STATUSES, MOST } from '../provider.ts';
import { idsAmong, reference } from './references.ts';

const text = z.unknown().transform(cleanLine);
const pk = z.int().min(0).transform(String);

const speaker = z.object({ id: pk, name: text, code_name: text, anonymous: z.boolean().default(false) });
const team = z.object({
  id: pk,
  short_name: text,
  long_name: text,
  code_name: text,
  speakers: z.array(speaker).max(MOST.people).default([]),
});
const adjudicator = z.object({ id: pk, name: text, code_name: text, anonymous: z.boolean().default(false) });
const venue = z.object({ id: pk, display_name: text, name: text });
const round = z.object({
  seq: z.int().min(1).max(10_000),
  name: text,
  draw_status: z.enum(DRAW_STATUSES),
  silent: z.boolean(),
  starts_at: z.unknown().transform((value) => (typeof value === 'string' ? value.slice(0, 40) : null)),
});

const SIDES: Record<string, 'petitioner' | 'respondent' | 'bye'> = {
  ...{ aff: 'petitioner', neg: 'respondent', bye: 'bye' },
  ...{ 0: 'petitioner', 1: 'respondent', '-1': 'bye' },
};
export const side = z.union([z.string(), z.int()]).transform((value) => SIDES[value] ?? 'other');

const pairing = z.object({
  id: pk,
  venue: reference('venues').nullish(),
  teams: z.array(z.object({ team: reference('teams').nullish(), side })).max(MOST.people),
  adjudicators: z
    .object({
      chair: reference('adjudicators').nullish(),
      panellists: z.array(reference('adjudicators')).max(MOST.people).default([]),
      trainees: z.array(reference('adjudicators')).max(MOST.people).default([]),
    })
    .nullish(),
  sides_confirmed: z.boolean().default(false),
  // Without VIEW_ADMIN_DRAW it is not shown.
  result_status: z.enum(['N', 'P', 'D', 'C']).default('N'),
});

const points = z.number().min(-1_000_000).max(1_000_000);
const ballot = z.object({
  version: z.int().default(0),
  confirmed: z.boolean().default(false),
  discarded: z.boolean().default(false),
  result: z.object({
    sheets: z
      .array(
        z.object({
          teams: z.array(z.object({ side, win: z.boolean().nullish(), score: points.nullish() })).max(MOST.people),
        }),
      )
      .max(MOST.people),
  }),
});

const WANTED = [
  ...['team_code_names', 'participant_code_names', 'all_results_released'],
  ...['team_tab_released', 'team_tab_limit'],
] as const;
const preference = z.object({ identifier: z.string(), value: z.unknown() });

const standingsRow = z.object({
  rank: z.int().nullish(),
  team: reference('teams'),
  metrics: z
    .array(z.object({ metric: z.string(), value: z.unknown() }))
    .max(50)
    .default([]),
});

/** What else may be drawn there is nobody's business here. */
const availabilities = z
  .array(z.string().max(500))
  .max(3 * MOST.teams)
  .transform((hrefs) => ({
    teams: idsAmong(hrefs, 'teams'),
    adjudicators: idsAmong(hrefs, 'adjudicators'),
    venues: idsAmong(hrefs, 'venues'),
  }));

export type TeamRow = z.infer<typeof team>;
export type AdjudicatorRow = z.infer<typeof adjudicator>;
export type VenueRow = z.infer<typeof venue>;
export type RoundRow = z.infer<typeof round>;
export type PairingRow = z.infer<typeof pairing>;
export type BallotRow = z.infer<typeof ballot>;
export type Preferences = Partial<Record<(typeof WANTED)[number], unknown>>;

export const readRoot = reading(z.object({ timezone: z.string().max(64).optional() }));
export const readTournament = reading(z.object({ slug: z.string() }));
export const readRound = reading(round);
export const readRounds = reading(z.array(round).max(MOST.rounds));
export const readPairings = reading(z.array(pairing).max(MOST.debates));
export const readTeams = reading(z.array(team).max(MOST.teams));
export const readAdjudicators = reading(z.array(adjudicator).max(MOST.teams));
export const readVenues = reading(z.array(venue).max(MOST.teams));
export const readBallots = reading(z.array(ballot).max(100));
export const readAvailabilities = reading(availabilities);
export const readStandings = reading(z.array(standingsRow).max(MOST.teams));
const readAllPreferences = reading(z.array(preference).max(2_000));

/** By name: the section before it has changed from version to version. */
export function readPreferences(text: string): Preferences {
  const found: Preferences = {};
  for (const { identifier, value } of readAllPreferences(text)) {
    const name = WANTED.find((one) => identifier === one || identifier.endsWith(`__${one}`));
    if (name !== undefined && typeof value !== 'object') found[name] = value;
  }
  return found;
}

/** A fault names the field, never its value. */
export function reading<Schema extends z.ZodType>(schema: Schema): Reading<z.infer<Schema>> {
  return (text) => {
    const read = schema.safeParse(JSON.parse(text));
    if (read.success) return read.data;
    const place = read.error.issues[0]!.path.map(String).join('/').slice(0, 100);
    throw new OutboundError('unreadable', { place: `/${place}` });
  };
}
