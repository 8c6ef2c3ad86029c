/** Matches as a test has them: rows as a poll would have stored them, and their changes told as a worker tells them. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { MatchEvent, MatchFanout, Tier } from '../../src/infra/feeds/matchFanout.ts';
import type { Json } from './client.ts';

export interface TestMatch {
  id: string;
  version: number;
  seq: number;
  state: Json;
  stats: Json;
}

export interface MatchOptions {
  institution_id: string;
  visibility?: 'private' | 'institution' | 'public';
}

export interface Matches {
  make(options: MatchOptions): Promise<TestMatch>;
  /** Commits a change, and tells it unless told otherwise. */
  change(match: TestMatch, tier: Tier, changed: Json, how?: { events?: number; isTold?: boolean }): Promise<void>;
  show(match: TestMatch, visibility: string): Promise<void>;
  withdraw(match: TestMatch): Promise<void>;
}

export const eventOf = (seq: number): MatchEvent => ({
  ...{ seq, provider: 'fixture', kind: 'phase', at: '2026-11-22T10:00:00.000Z' },
  ...{ details: { n: seq }, confidence: 100, superseded: false },
});

/** @param pool of a role that may write everything */
export function createMatches(pool: pg.Pool, fanout: Pick<MatchFanout, 'publishMatch'>): Matches {
  async function make({ institution_id, visibility = 'institution' }: MatchOptions): Promise<TestMatch> {
    const match: TestMatch = {
      id: randomUUID(),
      version: 1,
      seq: 0,
      state: { phase: 'live', behind_minutes: 0 },
      stats: {},
    };
    await pool.query(
      `insert into matches (id, institution_id, visibility, provider, feed_id, provider_id, title, listed_at, phase, published)
       values ($1, $2, $3, 'tabbycat', $4, $5, 'Harbour v. Atlas', now(), 'live', true)`,
      [match.id, institution_id, visibility, randomUUID(), match.id],
    );
    await pool.query(
      `insert into match_state (match_id, version, seq, state, stats, source, updated_at)
       values ($1, 1, 0, $2, $3, 1, now())`,
      [match.id, match.state, match.stats],
    );
    return match;
  }

  async function change(
    match: TestMatch,
    tier: Tier,
    changed: Json,
    { events: count = 0, isTold = true }: { events?: number; isTold?: boolean } = {},
  ): Promise<void> {
    const events = Array.from({ length: count }, (_, n) => eventOf(match.seq + n + 1));
    match.version += 1;
    match.seq += count;
    if (tier === 0) match.state = { ...match.state, ...changed };
    if (tier === 2) match.stats = { ...match.stats, ...changed };
    await pool.query(
      `with stored as (
         insert into match_events (match_id, seq, provider, provider_event_id, kind, at, details, confidence, superseded)
         select $1, (e->>'seq')::bigint, e->>'provider', e->>'seq', e->>'kind', (e->>'at')::timestamptz, e->'details', 100, false
         from json_array_elements($6::json) e
       )
       update match_state set version = $2, seq = $3, state = $4, stats = $5, updated_at = now() where match_id = $1`,
      [match.id, match.version, match.seq, match.state, match.stats, JSON.stringify(events)],
    );
    const { id: match_id, version, seq } = match;
    const state = tier === 0 ? match.state : tier === 2 ? match.stats : {};
    const told = { match_id, tier, version, seq, changed: tier === 1 ? {} : changed, state, events };
    if (isTold) await fanout.publishMatch(told);
  }

  return {
    make,
    change,
    show: async ({ id }, visibility) =>
      void (await pool.query('update matches set visibility = $2 where id = $1', [id, visibility])),
    withdraw: async ({ id }) => void (await pool.query('update matches set published = false where id = $1', [id])),
  };
}
