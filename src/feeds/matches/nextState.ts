/**
 * What an update makes of a match that stands: nothing, where it says nothing new or is older than what stands; else the next
 * version, with events that are not known yet. Pure: nothing of it is true before the transaction commits.
 */
import type { Visibility } from '../../access/scope.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { changedFields, derivedEvents, isSame, type NewMatchEvent } from './changes.ts';
import { INTERNAL, type MatchEvent, type Score, type ShownState, type Tier } from './match.ts';

/** The row of a match: whose it is, and where it comes from. */
export interface MatchRow {
  id: string;
  institution_id: string;
  visibility: Visibility;
  provider: string;
  feed_id: string | null;
  provider_id: string | null;
  round: number | null;
  pair: string | null;
  assignment_id: string | null;
  session_id: string | null;
  published: boolean;
}

/** What was read of a match, in a room or on a site. */
export interface MatchUpdate {
  row: MatchRow;
  state: ShownState;
  /** Tier 2; undefined where nothing was asked of it. */
  stats?: JsonObject | undefined;
  /** What a provider said itself. */
  events?: readonly NewMatchEvent[];
  /** The tick of the poll, or how many events the room had. */
  source: number;
}

/** What was read of a match beside its state. Whatever that is by now stays as it is. */
export interface BesideUpdate extends Pick<MatchUpdate, 'stats' | 'events'> {
  match_id: string;
}

export const matchOf = (update: MatchUpdate | BesideUpdate) => (isWhole(update) ? update.row.id : update.match_id);

export const isWhole = (update: MatchUpdate | BesideUpdate): update is MatchUpdate => 'row' in update;

/** What stands. */
export interface KnownState {
  row: MatchRow;
  version: number;
  seq: number;
  state: ShownState;
  stats: JsonObject | null;
  claim: Score | null;
  source: number;
  /** Of the update's events those that are stored already. */
  known: ReadonlySet<string>;
}

export interface Next extends Omit<KnownState, 'known'> {
  /** In their order, with their numbers. */
  events: (MatchEvent & { provider_event_id: string })[];
  /** Kinds of derived events that give way: to a provider's, or to what is true of the result now. */
  supersedes: string[];
  /** The result was taken back where it was confirmed: what its events said of it is shown no more. */
  takesBack: boolean;
  changes: MatchChange[];
}

/** A change of one tier, as it is published. */
export interface MatchChange {
  match_id: string;
  tier: Tier;
  version: number;
  seq: number;
  changed: JsonObject;
  state: JsonObject;
  events: MatchEvent[];
}

/** Of one match: a site that says something else at each poll must not fill the database. */
export const MOST_EVENTS = 2_000;

/** @param at the database's clock */
export function nextState(
  current: KnownState | undefined,
  read: MatchUpdate | BesideUpdate,
  at: string,
): Next | undefined {
  const update = isWhole(read) ? read : besideOf(current, read);
  if (!update) return undefined;
  const { row, source } = update;
  if (current ? source < current.source : !row.published) return undefined;
  const before = current ?? null;
  const state = withoutRepeatedClaim(before, update.state);
  const shown = before?.state.score ?? null;
  const takesBack = shown !== null && state.score === null;
  // What was counted may have counted the result.
  const stats = update.stats ?? (takesBack ? null : (before?.stats ?? null));
  const changed = changedFields(before?.state ?? null, state);
  const isShownAnew = before !== null && before.row.published !== row.published;
  const isCounted = !isSame(before?.stats ?? null, stats);
  const version = (before?.version ?? 0) + 1;
  const said = (update.events ?? []).filter(({ provider_event_id }) => !before?.known.has(provider_event_id));
  const kinds = new Set(said.map(({ kind }) => kind));
  const [provider, isRoom] = [row.provider, row.provider === INTERNAL];
  const derived = row.published
    ? derivedEvents({ provider, before: before?.state ?? null, after: state, version, at, isRoom })
    : [];
  const added = [...said, ...derived.filter(({ kind }) => !kinds.has(kind))].slice(
    0,
    Math.max(0, MOST_EVENTS - (before?.seq ?? 0)),
  );
  const isNew = Object.keys(changed).length + added.length > 0 || isShownAnew || isCounted;
  const isMoved = before === null || !isSame(before.row, row) || !isSame(before.claim, update.state.score);
  if (!isNew && !isMoved) return undefined;
  const seq = before?.seq ?? 0;
  const events = added.map((event, i) => ({ ...event, seq: seq + i + 1, superseded: false }));
  const head = { version: isNew ? version : version - 1, seq: seq + events.length };
  const next = { row, ...head, state, stats, claim: update.state.score, source, events };
  if (shown !== null && !isSame(shown, state.score)) kinds.add('result');
  const changes = changesOf(next, { changed, isShownAnew, isCounted });
  return { ...next, supersedes: [...kinds], takesBack, changes };
}

/** Whether an update comes to anything: when it does so has no part in that. */
export function isNews(current: KnownState | undefined, read: MatchUpdate | BesideUpdate): boolean {
  return nextState(current, read, '') !== undefined;
}

/** What stands, with what was read beside it: a draw that was taken back meanwhile stays so. */
function besideOf(current: KnownState | undefined, { stats, events }: BesideUpdate): MatchUpdate | undefined {
  if (!current) return undefined;
  const { row, state, claim, source } = current;
  return { row, state: { ...state, score: claim }, stats, events: events ?? [], source };
}

/** Sources that agree have corrected what this one goes on saying. */
function withoutRepeatedClaim(before: KnownState | null, state: ShownState): ShownState {
  if (before === null || before.claim === null || !isSame(before.claim, state.score)) return state;
  return { ...state, score: before.state.score };
}

export interface Difference {
  changed: Partial<ShownState>;
  isShownAnew: boolean;
  isCounted: boolean;
}

/** A match that is withdrawn says so once, and nothing else. */
export function changesOf(
  { row, version, seq, state, stats, events }: Omit<Next, 'changes' | 'supersedes' | 'takesBack'>,
  { changed, isShownAnew, isCounted }: Difference,
): MatchChange[] {
  const change = (tier: Tier, parts: Pick<MatchChange, 'changed' | 'state'>, told: MatchEvent[] = []) => [
    { match_id: row.id, tier, version, seq, ...parts, events: told },
  ];
  if (!row.published) return isShownAnew ? change(0, { changed: { withdrawn: true }, state: { withdrawn: true } }) : [];
  const shown = isShownAnew ? state : changed;
  const told = events.map(({ provider_event_id: _, ...event }) => event);
  return [
    ...(Object.keys(shown).length > 0 ? change(0, { changed: { ...shown }, state: { ...state } }) : []),
    ...(told.length > 0 ? change(1, { changed: {}, state: {} }, told) : []),
    ...(isCounted ? change(2, { changed: stats ?? {}, state: stats ?? {} }) : []),
  ];
}

/** With older events, as they are shown from now on. */
export function withShownAnew({ row, version, seq, changes }: Next, older: readonly MatchEvent[]): MatchChange[] {
  if (older.length === 0 || !row.published) return changes;
  const told = changes.find(({ tier }) => tier === 1);
  const events = [...older, ...(told?.events ?? [])];
  const change = { match_id: row.id, tier: 1 as const, version, seq, changed: {}, state: {}, events };
  return [...changes.filter((one) => one !== told), change];
}
