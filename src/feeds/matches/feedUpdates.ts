/**
 * What a site says of one of its rounds, in our words: which debate is which match, what is shown of it, and what is left
 * because nobody can tell. Ids of a provider lead to one match for ever: a debate that was drawn anew with the same teams
 * stays the match that it was, and where that is not plain nothing is mapped anew. Pure.
 */
import { VISIBILITIES, type Visibility } from '../../access/scope.ts';
import { groupBy } from '../../core/groupBy.ts';
import type { Debate, Round, Scoreboard } from '../providers/provider.ts';
import { KEPT_DAYS, type ShownState } from './match.ts';
import { matchIdOf } from './matchId.ts';
import type { MatchRow, MatchUpdate } from './nextState.ts';
import { pairOf } from './pair.ts';
import { isPublished, phaseInTime, phaseOfDebate } from './phases.ts';

export interface FeedOf {
  id: string;
  institution_id: string;
  provider: string;
  visibility: Visibility;
  created_at: string;
}

/** A match of the round, as it stands. */
export interface KnownMatch {
  row: MatchRow;
  state: ShownState;
}

/** What a debate was imported as. */
export interface Imported {
  assignment_id: string;
  /** Once its draw is released: as it was imported, or as an admin has set it since. Null of one that does not say. */
  visibility: Visibility | null;
}

export interface RoundRead {
  feed: FeedOf;
  /** Undefined where it was not asked for: then nothing is made or withdrawn. */
  round: Round | undefined;
  /** Undefined where it was not asked for. */
  scoreboard: Scoreboard | undefined;
  known: readonly KnownMatch[];
  /** So many matches may be made: a site that says something else at each poll must not fill the database. */
  places: number;
  /** What debates were imported as. */
  imported: ReadonlyMap<string, Imported>;
  tick: number;
  now_ms: number;
}

export interface RoundUpdates {
  updates: MatchUpdate[];
  /** Debates that are no match yet: a bye, sides that are not settled, teams without names. */
  unresolved: number;
  /** Debates that could be two matches, or a team that debates twice. */
  conflicts: number;
  /** Debates for which there is no place any more. */
  beyond: number;
}

export function updatesOfRound(read: RoundRead): RoundUpdates {
  return read.round ? byDraw(read, read.round) : byScoreboard(read);
}

function byDraw(read: RoundRead, round: Round): RoundUpdates {
  const known = new Map(read.known.map((match) => [match.row.provider_id, match]));
  const listed = new Set(round.debates.map(({ id }) => id));
  const gone = groupBy(
    read.known.filter(({ row }) => row.pair !== null && !listed.has(row.provider_id!)),
    ({ row }) => row.pair!,
  );
  const found = new Map(read.scoreboard?.debates.map((one) => [one.id, one]));
  const updates: MatchUpdate[] = [];
  const [teams, taken] = [new Set<string>(), new Set<KnownMatch>()];
  const count = { unresolved: 0, conflicts: 0, beyond: 0 };
  let { places } = read;
  for (const debate of round.debates) {
    const sides = sidesOf(debate);
    if (!sides) {
      count.unresolved += 1;
      continue;
    }
    if (sides.some(({ id }) => teams.has(id))) {
      count.conflicts += 1;
      continue;
    }
    for (const { id } of sides) teams.add(id);
    const pair = pairOf(sides.map(({ name }) => name));
    const same = firstTwo(gone.get(pair ?? '') ?? [], taken);
    if (same.length > 1) count.conflicts += 1;
    const was = known.get(debate.id) ?? (same.length === 1 ? same[0] : undefined);
    if (!was && isSwept(read, round, debate)) continue;
    if (was) taken.add(was);
    else if (places === 0) {
      count.beyond += 1;
      continue;
    } else places -= 1;
    updates.push(updateOf(read, round, debate, { pair, was, sides, found: found.get(debate.id) }));
  }
  const withdrawn = read.known.filter((match) => !taken.has(match) && match.row.published);
  const tick = read.tick;
  updates.push(...withdrawn.map(({ row, state }) => ({ row: { ...row, published: false }, state, source: tick })));
  return { updates, ...count };
}

/** As many as it takes to know that there are several: a site may say the same of thousands. */
function firstTwo(matches: readonly KnownMatch[], taken: ReadonlySet<KnownMatch>): KnownMatch[] {
  const free: KnownMatch[] = [];
  for (const match of matches) {
    if (!taken.has(match)) free.push(match);
    if (free.length === 2) break;
  }
  return free;
}

const KEPT_MS = KEPT_DAYS * 24 * 3_600_000;

/** Of a feed that is old enough to have had it, a match whose time was so long ago is one that was kept no longer. */
function isSwept({ feed, now_ms }: RoundRead, round: Round, debate: Debate): boolean {
  const starts_at = debate.starts_at ?? round.starts_at;
  const isOld = (at: string) => Date.parse(at) < now_ms - KEPT_MS;
  return starts_at !== null && isOld(starts_at) && isOld(feed.created_at);
}

interface Side {
  id: string;
  name: string;
}

/** The two that meet, petitioner first; undefined where there are not two with names and settled sides. */
function sidesOf({ teams, sides_confirmed }: Debate): [Side, Side] | undefined {
  if (!sides_confirmed || teams.length !== 2) return undefined;
  const [one, other] = (['petitioner', 'respondent'] as const).map((side) => teams.find((team) => team.side === side));
  if (!one?.name || !other?.name) return undefined;
  return [
    { id: one.id, name: one.name },
    { id: other.id, name: other.name },
  ];
}

/** It has all that a match is made of; a bye has not. */
export const canBeMatch = (debate: Debate) => sidesOf(debate) !== undefined;

const titleOf = ([one, other]: [Side, Side]) => `${one.name} v. ${other.name}`.slice(0, 400);

interface Named {
  pair: string | null;
  was: KnownMatch | undefined;
  sides: [Side, Side];
  found: Scoreboard['debates'][number] | undefined;
}

function updateOf(read: RoundRead, round: Round, debate: Debate, { pair, was, sides, found }: Named): MatchUpdate {
  const { feed, tick, now_ms } = read;
  const { id: feed_id, institution_id, provider } = feed;
  const imported = read.imported.get(debate.id);
  const visibility = narrower(feed.visibility, imported?.visibility ?? feed.visibility);
  const scheduled_at = debate.starts_at ?? round.starts_at;
  const { result } = debate;
  const phase = phaseOfDebate({ result, starts_at: scheduled_at }, now_ms, found?.phase);
  const state: ShownState = {
    ...{ phase, title: debate.title ?? titleOf(sides), courtroom: debate.venue?.name ?? null, scheduled_at },
    ...{ petitioner: sides[0].name, respondent: sides[1].name },
    score: result === 'confirmed' ? shownScore(round, found, was) : null,
    ...{ speaker: null, behind_minutes: 0, awaits_result: false },
  };
  const row: MatchRow = {
    id: was?.row.id ?? matchIdOf(feed_id, debate.id),
    ...{ institution_id, visibility, provider, feed_id, provider_id: debate.id, round: round.seq, pair },
    assignment_id: imported?.assignment_id ?? was?.row.assignment_id ?? null,
    ...{ session_id: was?.row.session_id ?? null, published: isPublished(round) },
  };
  return { row, state, source: tick };
}

/** A debate that was imported for fewer people is shown to no more of them as a match of its feed. */
function narrower(one: Visibility, other: Visibility): Visibility {
  return VISIBILITIES[Math.min(VISIBILITIES.indexOf(one), VISIBILITIES.indexOf(other))]!;
}

/** Whether a silent round's results are released by now is said by its scoreboard alone. */
function shownScore({ silent }: Round, found: Scoreboard['debates'][number] | undefined, was: KnownMatch | undefined) {
  if (found) return found.score;
  return silent ? null : (was?.state.score ?? null);
}

const NONE = { unresolved: 0, conflicts: 0, beyond: 0 };

/** Of matches that are known already: what is new in the draw waits until the draw is read. */
function byScoreboard({ scoreboard, known, tick, now_ms }: RoundRead): RoundUpdates {
  if (!scoreboard) return { updates: [], ...NONE };
  if (!isPublished(scoreboard)) {
    const shown = known.filter(({ row }) => row.published);
    const updates = shown.map(({ row, state }) => ({ row: { ...row, published: false }, state, source: tick }));
    return { updates, ...NONE };
  }
  const byId = new Map(known.map((match) => [match.row.provider_id, match]));
  const updates = scoreboard.debates.flatMap(({ id, phase, score }) => {
    const match = byId.get(id);
    if (!match) return [];
    const { row, state } = match;
    const now = { phase: phaseInTime(phase, state.scheduled_at, now_ms), score };
    return [{ row: { ...row, published: true }, state: { ...state, ...now }, source: tick }];
  });
  return { updates, ...NONE, unresolved: scoreboard.debates.length - updates.length };
}
