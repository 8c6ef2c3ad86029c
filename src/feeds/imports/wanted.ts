/** What a debate of a tournament's site is as a match here. Nothing is guessed: what is missing is named. */
import type { Visibility } from '../../access/scope.ts';
import type { Debate, Panellist, Person, Round, Team } from '../providers/provider.ts';
import type { Base, Member, Wanted } from './fields.ts';

/** Why a debate becomes no match, or one that there is stays as it is. */
export const WHY = [
  ...['bye', 'four_teams', 'sides_not_confirmed', 'no_chair', 'no_venue', 'no_time', 'anonymous_names', 'no_speakers'],
  ...['team_twice', 'debate_twice', 'person_twice', 'too_many_people', 'other_round'],
  ...['session_started', 'size_changed', 'chair_changed', 'sides_changed', 'cancelled_here'],
] as const;

export interface Terms {
  scheduled_at?: string | undefined;
  format?: string | object | undefined;
  visibility?: Visibility | undefined;
  /** Bring in what is confirmed there, and not released. */
  unreleased?: boolean | undefined;
}

export interface Around {
  round: Pick<Round, 'draw_status' | 'starts_at'>;
  terms: Terms;
  /** Of the feed. */
  visibility: Visibility;
  /** The user that a person of the site is here. */
  userOf(provider_id: string): string;
}

const USUAL_FORMAT = 'moot-20';
/** Of a side, and of a panel: as `assignment.create` has it. */
const MOST_PEOPLE = 20;
const MOST_TITLE = 200;

export type Judged = { wanted: Wanted; teams: string[]; released_as: Visibility } | { why: string };

export function wantedOf(debate: Debate, base: Base | undefined, around: Around): Judged {
  const { round, terms } = around;
  const why = faultOf(debate);
  if (why !== undefined) return { why };
  const petitioner = teamOf(debate, 'petitioner');
  const respondent = teamOf(debate, 'respondent');
  const scheduled_at = debate.starts_at ?? terms.scheduled_at ?? round.starts_at ?? base?.scheduled_at;
  if (scheduled_at === undefined) return { why: 'no_time' };
  const released_as = terms.visibility ?? base?.released_as ?? around.visibility;
  const members = (people: readonly Person[]) => people.map((person) => memberOf(person, around));
  const wanted: Wanted = {
    title: debate.title ?? `${petitioner.name} v. ${respondent.name}`.slice(0, MOST_TITLE).toWellFormed(),
    courtroom: debate.venue!.name,
    scheduled_at: new Date(scheduled_at).toISOString(),
    visibility: round.draw_status === 'R' ? released_as : 'private',
    format: terms.format ?? base?.format ?? USUAL_FORMAT,
    petitioner: members(petitioner.speakers),
    respondent: members(respondent.speakers),
    panel: members(panelOf(debate)),
  };
  const people = [...wanted.petitioner, ...wanted.respondent, ...wanted.panel].map(({ user_id }) => user_id);
  if (new Set(people).size < people.length) return { why: 'person_twice' };
  return { wanted, teams: [petitioner.id, respondent.id], released_as };
}

/** Whatever else is missing is told once it is asked again. */
function faultOf(debate: Debate): string | undefined {
  const { teams, sides_confirmed, venue } = debate;
  if (teams.some(({ side }) => side === 'bye')) return 'bye';
  if (teams.length > 2) return 'four_teams';
  if (!sides_confirmed) return 'sides_not_confirmed';
  const hasBoth = teams.length === 2 && teamOf(debate, 'petitioner') && teamOf(debate, 'respondent');
  if (!hasBoth) return 'four_teams';
  if (debate.panel.every(({ place }) => place !== 'chair')) return 'no_chair';
  if (venue === null) return 'no_venue';
  const sides = teams.map(({ speakers }) => speakers);
  if (sides.some((side) => side.length === 0)) return 'no_speakers';
  if ([...sides, panelOf(debate)].some((part) => part.length > MOST_PEOPLE)) return 'too_many_people';
  const names = [...sides.flat(), ...panelOf(debate), ...(debate.title === null ? teams : [])];
  return names.some(({ name }) => name === null || name.trim() === '') ? 'anonymous_names' : undefined;
}

const teamOf = ({ teams }: Debate, side: Team['side']) => teams.find((team) => team.side === side)!;

/** Trainees watch. */
function panelOf({ panel }: Debate): Panellist[] {
  const chair = panel.find(({ place }) => place === 'chair');
  const others = panel.filter((one) => one !== chair && one.place !== 'trainee');
  return chair ? [chair, ...others] : others;
}

function memberOf({ id, name }: Person, { userOf }: Around): Member {
  return { user_id: userOf(id), name: name! };
}
