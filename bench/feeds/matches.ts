/** Matches of a feed, stored as a worker stores what it polled. */
import { randomUUID } from 'node:crypto';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { ShownState } from '../../src/feeds/matches/match.ts';
import type { MatchChange, MatchUpdate } from '../../src/feeds/matches/nextState.ts';
import { storeMatches } from '../../src/feeds/matches/storeMatches.ts';
import { inTransaction, openPool } from '../../src/infra/postgres/database.ts';

export interface PolledMatches {
  institution_id: string;
  ids: readonly string[];
  /** What a poll says of these now. @param title of each, by which it is known */
  store(some: readonly number[], title: (n: number) => string): Promise<MatchChange[]>;
  close(): Promise<void>;
}

const AT_ONCE = 200;

export async function openMatches(databaseUrl: string, count: number): Promise<PolledMatches> {
  const pool = openPool(databaseUrl, 'feeds', 4, (error) => console.error(error));
  const [institution_id, feed_id] = [randomUUID(), randomUUID()];
  const ids = Array.from({ length: count }, () => randomUUID());
  let tick = 0;

  function updateOf(n: number, title: string): MatchUpdate {
    const row = {
      ...{
        id: ids[n]!,
        institution_id,
        visibility: 'institution' as const,
        provider: 'tabbycat',
        feed_id,
        provider_id: String(n),
      },
      ...{ round: 1, pair: null, assignment_id: null, session_id: null, published: true },
    };
    const state: ShownState = {
      ...{ phase: 'live', score: null, title, courtroom: 'Hall B', scheduled_at: '2026-11-21T10:00:00.000Z' },
      ...{ petitioner: 'Oslo', respondent: 'Lima', speaker: null, behind_minutes: 0, awaits_result: false },
    };
    return { row, state, source: tick };
  }

  function store(some: readonly number[], title: (n: number) => string): Promise<MatchChange[]> {
    tick += 1;
    const within = <T>(work: (db: Queryable) => Promise<T>) => inTransaction(pool, work);
    return storeMatches(
      pool,
      within,
      some.map((n) => updateOf(n, title(n))),
    );
  }

  for (let from = 0; from < count; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, n) => from + n);
    await store(some, (n) => `Match ${n}`);
  }
  return { institution_id, ids, store, close: () => pool.end() };
}
