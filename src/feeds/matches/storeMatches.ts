/**
 * Stores what was read of matches, in a transaction of role `feeds`. What says nothing new is found without a lock and
 * writes nothing; of the rest each is looked at again under its lock, so that two workers make two versions, in order.
 */
import { readClock } from '../../core/sql/databaseClock.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import {
  type BesideUpdate,
  isNews,
  isWhole,
  type KnownState,
  type MatchChange,
  type MatchRow,
  type MatchUpdate,
  matchOf,
  nextState,
} from './nextState.ts';
import { makeMatches, writeMatches } from './writeMatches.ts';

type KnownRow = Omit<KnownState, 'row' | 'known'> & { row: MatchRow; known: string[] };

/** The row of match `m`, as JSON. */
export const ROW = `json_build_object('id', m.id, 'institution_id', m.institution_id,
      'visibility', m.visibility, 'provider', m.provider, 'feed_id', m.feed_id, 'provider_id', m.provider_id, 'round', m.round,
      'pair', m.pair, 'assignment_id', m.assignment_id, 'session_id', m.session_id, 'published', m.published)`;

const CURRENT = `
  select s.version, s.seq, s.state, s.stats, s.claim, s.source, ${ROW} as row,
    array(select e.provider_event_id from match_events e
      where e.match_id = m.id and e.provider = m.provider and e.provider_event_id = any($2)) as known
  from match_state s join matches m on m.id = s.match_id where s.match_id = any($1::uuid[])`;

export const LOCK = 'select from match_state where match_id = any($1::uuid[]) order by match_id for update';

/** Runs `work` between BEGIN and COMMIT, as role `feeds`. */
export type WithinTransaction = <T>(work: (db: Queryable) => Promise<T>) => Promise<T>;

/**
 * @param db of a role that sees every row
 * @param updates one of each match
 * @returns what is to be published, now that it is committed: each match in order
 */
export async function storeMatches(
  db: Queryable,
  within: WithinTransaction,
  updates: readonly (MatchUpdate | BesideUpdate)[],
): Promise<MatchChange[]> {
  if (updates.length === 0) return [];
  const current = await readCurrent(db, updates);
  const news = updates.filter((update) => isNews(current.get(matchOf(update)), update));
  return news.length === 0 ? [] : within((own) => storeNews(own, news));
}

async function storeNews(db: Queryable, news: readonly (MatchUpdate | BesideUpdate)[]): Promise<MatchChange[]> {
  // One that was removed meanwhile is not made of what was read beside it.
  await makeMatches(db, news.filter(isWhole));
  await db.query(LOCK, [news.map(matchOf)]);
  const current = await readCurrent(db, news);
  // After the locks: no later version is of an earlier time.
  const now = await readClock(db);
  const next = news.flatMap((update) => nextState(current.get(matchOf(update)), update, now) ?? []);
  return next.length > 0 ? writeMatches(db, next, now) : [];
}

async function readCurrent(db: Queryable, updates: readonly (MatchUpdate | BesideUpdate)[]) {
  const ids = updates.map(matchOf);
  const events = updates.flatMap(({ events = [] }) => events.map(({ provider_event_id }) => provider_event_id));
  const { rows } = await db.query<KnownRow>(CURRENT, [ids, events]);
  return new Map(rows.map(({ known, ...current }) => [current.row.id, { ...current, known: new Set(known) }]));
}
