/** Stores what was read of a round of a feed, tells boards of it, and has rooms read again that came from there. */
import type pg from 'pg';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Feed } from '../../src/feeds/feed.ts';
import { canBeMatch, type RoundUpdates, updatesOfRound } from '../../src/feeds/matches/feedUpdates.ts';
import {
  type BesideUpdate,
  isNews,
  isWhole,
  type MatchChange,
  type MatchUpdate,
} from '../../src/feeds/matches/nextState.ts';
import {
  readImported,
  readOtherRounds,
  readPlaces,
  readRound,
  type StoredMatch,
} from '../../src/feeds/matches/readRound.ts';
import { storeMatches } from '../../src/feeds/matches/storeMatches.ts';
import { findUnverified, verifyMatches } from '../../src/feeds/matches/verifyMatches.ts';
import type { Round, Scoreboard } from '../../src/feeds/providers/provider.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import type { Situation } from './situation.ts';

export interface RoundStoreOptions {
  /** Role `worker`. */
  db: Queryable;
  /** Role `feeds`. */
  feedsPool: pg.Pool;
  publishMatch(change: MatchChange): Promise<void>;
  /** These rooms of ours came from a feed, and something of their matches there has changed. */
  touchRooms(assignment_ids: Iterable<string>): void;
  metrics: Pick<Metrics, 'matchConflicts' | 'matchUnresolved' | 'matchesBeyond'>;
  log: Log;
}

export interface RoundRead {
  round: number;
  draw: Round | undefined;
  scoreboard: Scoreboard | undefined;
  known: readonly StoredMatch[];
  tick: number;
  /** As it was when `known` was read, where that was looked up with it. */
  situation?: Pick<Situation, 'imported' | 'now_ms'>;
}

export type RoundStore = ReturnType<typeof createRoundStore>;

export function createRoundStore({ db, feedsPool, publishMatch, touchRooms, metrics, log }: RoundStoreOptions) {
  const within = <T>(work: (db: Queryable) => Promise<T>) => inTransaction(feedsPool, work);

  async function storeRound(feed: Feed, read: RoundRead): Promise<object> {
    const { round, draw, scoreboard, known, tick, situation } = read;
    const ids = new Set(known.map(({ row }) => row.provider_id));
    const isKnown = draw?.debates.every((debate) => ids.has(debate.id) || !canBeMatch(debate)) ?? true;
    const about = { feed, round: draw, scoreboard, known, tick };
    if (situation && isKnown) {
      const { imported, now_ms } = situation;
      const said = updatesOfRound({ ...about, places: 0, imported, now_ms });
      if (isAsItStands(said.updates, known))
        return tell(feed, round, said, { matches: said.updates.length, changes: 0 });
    }
    const debates = draw?.debates.map(({ id }) => id) ?? [];
    const imported = await readImported(db, feed.id, debates);
    const now_ms = Date.parse(await readClock(db));
    const places = isKnown ? 0 : await readPlaces(db, feed.id, known.length);
    const said = updatesOfRound({ ...about, places, imported, now_ms });
    return tell(feed, round, said, await store(said.updates));
  }

  /** Counts what could not be mapped. @returns what came of it, with that */
  function tell(feed: Feed, round: number, said: RoundUpdates, stored: Stored): object {
    const { unresolved, conflicts, beyond } = said;
    if (conflicts > 0) {
      metrics.matchConflicts.inc(conflicts);
      log.warn({ feed_id: feed.id, round, conflicts }, 'debates could not be mapped; nothing is mapped anew');
    }
    if (unresolved > 0) metrics.matchUnresolved.inc(unresolved);
    if (beyond > 0) {
      metrics.matchesBeyond.inc(beyond);
      log.warn({ feed_id: feed.id, round, beyond }, 'debates of feed beyond its most matches; none are made of them');
    }
    return { ...stored, unresolved, conflicts, beyond };
  }

  /** Rounds that a whole schedule has no more. */
  async function withdrawOthers(feed: Feed, listed: readonly Round[], tick: number): Promise<void> {
    const seqs = listed.map(({ seq }) => seq);
    for (const round of await readOtherRounds(db, feed.id, seqs)) {
      const known = await readRound(db, feed.id, round);
      await storeRound(feed, { round, draw: undefined, scoreboard: withoutDraw(round), known, tick });
    }
  }

  async function store(updates: readonly (MatchUpdate | BesideUpdate)[]): Promise<Stored> {
    const changes = await storeMatches(feedsPool, within, updates);
    await Promise.all(changes.map(publishMatch));
    const changed = new Set(changes.map(({ match_id }) => match_id));
    const rows = updates.filter(isWhole).map(({ row }) => row);
    touchRooms(rows.flatMap(({ id, assignment_id }) => (assignment_id && changed.has(id) ? [assignment_id] : [])));
    await verify([...changed]);
    return { matches: updates.length, changes: changes.length };
  }

  /** What other feeds of the institution say of the same matches is looked at, and told. */
  async function verify(match_ids: readonly string[]): Promise<void> {
    const changes = await verifyMatches(feedsPool, within, match_ids);
    await Promise.all(changes.map(publishMatch));
  }

  /** Looks again at what was changed lately: a worker may have died between the two. */
  async function verifyLatest(): Promise<void> {
    await verify(await findUnverified(feedsPool));
  }

  return { store, storeRound, withdrawOthers, verifyLatest };
}

interface Stored {
  matches: number;
  changes: number;
}

function isAsItStands(updates: readonly MatchUpdate[], known: readonly StoredMatch[]): boolean {
  const stored = new Map(known.map((match) => [match.row.id, match.stored]));
  return !updates.some((update) => isNews(stored.get(update.row.id), update));
}

/** A round that its site has no more is one without a draw. */
export function withoutDraw(round: number): Scoreboard {
  return { round, draw_status: 'N', debates: [], unchanged: false };
}
