/** A round in our words, from the rows of one tournament. Pure. */
import { instantOf } from '../clean.ts';
import type { Debate, Panellist, Person, Round, Team } from '../provider.ts';
import type { AdjudicatorRow, PairingRow, Preferences, RoundRow, TeamRow, VenueRow } from './readings.ts';

/** What debates refer to, by id. */
export interface Participants {
  teams: ReadonlyMap<string, TeamRow>;
  adjudicators: ReadonlyMap<string, AdjudicatorRow>;
  venues: ReadonlyMap<string, VenueRow>;
  preferences: Preferences;
}

const RESULTS = { N: 'none', P: 'postponed', D: 'draft', C: 'confirmed' } as const;
/** With these the public of that site sees the true names. */
const TRUE_NAMES: unknown[] = [undefined, null, false, 'off', 'all-tooltips'];

/** @param zone of the site */
export function roundOf(
  row: RoundRow,
  pairings: readonly PairingRow[],
  participants: Participants,
  zone: string | undefined,
): Round {
  const { seq, name, draw_status, silent, starts_at } = row;
  // A list that changed between two of its pages may name a debate twice.
  const debates = [...byId(pairings).values()].map((pairing) => debateOf(pairing, participants));
  const at = instantOf(starts_at, zone);
  return {
    ...{ seq, name: name ?? `Round ${seq}`, draw_status, silent, starts_at: at },
    debates: debates.map((debate) => ({ ...debate, starts_at: at })),
  };
}

export function byId<Row extends { id: string }>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [row.id, row]));
}

function debateOf(pairing: PairingRow, participants: Participants): Debate {
  const { id, venue, sides_confirmed, result_status } = pairing;
  return {
    id,
    title: null,
    teams: pairing.teams.flatMap(({ team, side }) => (team ? teamOf(team, side, participants) : [])),
    panel: panelOf(pairing, participants),
    venue: venue ? venueOf(venue, participants) : null,
    sides_confirmed,
    result: RESULTS[result_status],
    starts_at: null,
  };
}

function teamOf(id: string, side: Team['side'], { teams, preferences }: Participants): Team {
  const team = teams.get(id);
  const isCoded = !TRUE_NAMES.includes(preferences.team_code_names);
  const name = isCoded ? team?.code_name : (team?.short_name ?? team?.long_name);
  const speakers = (team?.speakers ?? []).map((speaker) => personOf(speaker, preferences));
  return { side, id, name: name ?? null, speakers };
}

function panelOf({ adjudicators }: PairingRow, participants: Participants): Panellist[] {
  const { chair, panellists = [], trainees = [] } = adjudicators ?? {};
  const seated = (ids: readonly string[], place: Panellist['place']) =>
    ids.map((id): Panellist => {
      const adjudicator = participants.adjudicators.get(id);
      const person = adjudicator ? personOf(adjudicator, participants.preferences) : { id, name: null };
      return { ...person, place };
    });
  return [...seated(chair ? [chair] : [], 'chair'), ...seated(panellists, 'panellist'), ...seated(trainees, 'trainee')];
}

function personOf(
  { id, name, code_name, anonymous }: Pick<AdjudicatorRow, 'id' | 'name' | 'code_name' | 'anonymous'>,
  { participant_code_names }: Preferences,
): Person {
  if (!TRUE_NAMES.includes(participant_code_names)) return { id, name: code_name };
  return { id, name: anonymous ? null : name };
}

function venueOf(id: string, { venues }: Participants): Debate['venue'] {
  const venue = venues.get(id);
  const name = venue?.display_name ?? venue?.name ?? null;
  return name === null ? null : { id, name };
}

/** The name that standings show. */
export function teamNameOf(id: string, participants: Pick<Participants, 'teams' | 'preferences'>): string | null {
  return teamOf(id, 'other', { ...participants, adjudicators: new Map(), venues: new Map() }).name;
}
