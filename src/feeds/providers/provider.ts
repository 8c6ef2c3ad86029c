/**
 * What every provider of tournaments does, in words that are none of theirs. Texts in these shapes are cleaned lines of 1 to
 * 200 characters, ids are texts of 1 to 200, times are instants with zone; lists are bounded. What a site says beyond them
 * never leaves its parser.
 */
import type { Outbound } from '../../core/definitions/outbound.ts';
import type { Result } from '../results/sheets.ts';

const CAPABILITIES = ['schedule', 'scoreboard', 'events', 'stats'] as const;
export type Capability = (typeof CAPABILITIES)[number];

export const PHASES = [
  ...['scheduled', 'pre_match', 'live', 'break', 'suspended'],
  ...['scoring', 'finished', 'postponed', 'cancelled'],
] as ['scheduled', 'pre_match', 'live', 'break', 'suspended', 'scoring', 'finished', 'postponed', 'cancelled'];
export type Phase = (typeof PHASES)[number];

/** Not drawn, draft, confirmed, released. */
export const DRAW_STATUSES = ['N', 'D', 'C', 'R'] as const;
export type DrawStatus = (typeof DRAW_STATUSES)[number];

/** A feed, as its provider is asked about it. */
export interface Site {
  feed_id: string;
  /** Without a slash at its end. */
  base_url: string;
  tournament: string;
  /** Of `generic_json`, as it was checked when it was saved. */
  mapping: unknown;
  outbound: Outbound;
}

export interface Person {
  id: string;
  /** Null where the site keeps it to itself. */
  name: string | null;
}

export interface Team {
  side: 'petitioner' | 'respondent' | 'bye' | 'other';
  id: string;
  name: string | null;
  speakers: Person[];
}

export interface Panellist extends Person {
  place: 'chair' | 'panellist' | 'trainee';
}

export interface Debate {
  id: string;
  /** Where the site has one of its own. */
  title: string | null;
  teams: Team[];
  panel: Panellist[];
  venue: { id: string; name: string } | null;
  sides_confirmed: boolean;
  result: 'none' | 'postponed' | 'draft' | 'confirmed';
  /** Null also where the site gives a time whose zone nobody can know. */
  starts_at: string | null;
}

export interface Round {
  /** From 1. */
  seq: number;
  name: string;
  draw_status: DrawStatus;
  silent: boolean;
  starts_at: string | null;
  /** None of a draw that is neither confirmed nor released. */
  debates: Debate[];
}

export interface Schedule {
  rounds: Round[];
  /** Every answer was that of the time before. */
  unchanged: boolean;
}

export interface Score {
  /** At most two decimals; null where the site has no points. */
  petitioner: number | null;
  respondent: number | null;
  winner: 'petitioner' | 'respondent' | null;
}

export interface Scoreboard {
  round: number;
  draw_status: DrawStatus;
  /** None unless the draw is released: what was published of them is withdrawn. */
  debates: { id: string; phase: Phase; score: Score | null }[];
  unchanged: boolean;
}

export interface ProviderEvent {
  /** Of the provider's own, and the same whenever it is asked. */
  id: string;
  debate: string;
  /** A word of small letters, such as `started`. */
  type: string;
  at: string | null;
  text: string | null;
}

export interface Standings {
  /** None before the site shows them to everybody. */
  teams: { id: string; name: string | null; rank: number | null; points: number | null }[];
  unchanged: boolean;
}

/** What may be drawn in a round, by the ids of the site. */
export interface Availabilities {
  teams: string[];
  adjudicators: string[];
  venues: string[];
}

/** A debate, by the number of its round. */
export interface Place {
  round: number;
  debate: string;
}

/** Sites that take results. All of it throws OutboundError. */
export interface ResultsBack {
  /** The ids of the ballots that are there. */
  listBallots(site: Site, place: Place): Promise<string[]>;
  /** Of ballots that were not there before, one that says what this result says. */
  findBallot(site: Site, place: Place, result: Result, before: readonly string[]): Promise<string | undefined>;
  /** What is to be sent, by the draw as it is there now; or why nothing can be. Sends nothing. */
  prepareBallot(site: Site, place: Place, result: Result): Promise<{ body: object } | { why: string }>;
  /** @returns the id of the ballot */
  postBallot(site: Site, place: Place, body: object): Promise<string>;
}

/** All of them ask through `site.outbound`, and throw its OutboundError. What a provider is not capable of is empty. */
export interface Provider {
  name: string;
  /** At most. */
  capabilities: ReadonlySet<Capability>;
  /** Those that a feed of this mapping has, where the mapping says so. */
  capabilitiesIn?(mapping: unknown): readonly Capability[];
  /** @param round this one alone, where one is named; none is returned where there is none of that number */
  fetchSchedule(site: Site, round?: number): Promise<Schedule>;
  /**
   * @param known scores of debates that the caller has already, by debate: they are not asked for again
   * @param again they are, behind those that are not known, as far as one call asks; the others stay as they are known
   */
  fetchScoreboard(site: Site, round: number, known?: ReadonlyMap<string, Score>, again?: boolean): Promise<Scoreboard>;
  fetchEvents(site: Site, round: number): Promise<ProviderEvent[]>;
  fetchStats(site: Site): Promise<Standings>;
  /** Of sites that have availabilities. */
  fetchAvailabilities?(site: Site, round: number): Promise<Availabilities>;
  /** Where results can be sent there. */
  resultsBack?: ResultsBack;
}

/** More debates than any round has, more rounds than any tournament: what is beyond them is refused, not cut off. */
export const MOST = { rounds: 100, debates: 2_000, people: 20, events: 5_000, teams: 5_000 } as const;
