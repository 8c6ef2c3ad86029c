/**
 * Matches are kept for 90 days after their time and their last change, what sources disagree about for 7. One that has no
 * time is kept for as long as its site lists it: the next sync would make it anew.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { KEPT_DAYS } from '../../src/feeds/matches/match.ts';
import type { WithinTransaction } from '../../src/feeds/matches/storeMatches.ts';

/** Of one sweep; the next one goes on. */
const BATCH = 200;
/** Rooms are healed far more often than a match grows too old. */
const REST_MS = 10 * 60_000;

/** Sweeps until there is nothing left to be swept, and then rests. */
export function createSweeping(sweep: () => Promise<number>): () => Promise<number> {
  let rested_ms = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - rested_ms < REST_MS) return 0;
    const gone = await sweep();
    if (gone === 0) rested_ms = performance.now();
    return gone;
  };
}

const OLD = `
  select s.match_id from match_state s join matches m on m.id = s.match_id
  where s.updated_at < clock_timestamp() - interval '${KEPT_DAYS} days' and m.listed_at < clock_timestamp() - interval '${KEPT_DAYS} days'
    and (m.scheduled_at is not null or not m.published
      or not exists (select from feeds f where f.id = m.feed_id and f.state = 'enabled'))
  order by s.updated_at limit ${BATCH}`;

/** What refers to a match goes before it. */
const GONE = ['match_disputes', 'match_events', 'match_state'].map(
  (table) => `delete from ${table} where match_id = any($1)`,
);

/** @param db of role `worker`; @param within a transaction of role `feeds`. @returns how many went */
export async function sweepMatches(db: Queryable, within: WithinTransaction): Promise<number> {
  await within((own) => own.query('delete from match_disputes where kept_until < clock_timestamp()'));
  const { rows } = await db.query<{ match_id: string }>(OLD);
  if (rows.length === 0) return 0;
  const ids = rows.map(({ match_id }) => match_id);
  return within(async (own) => {
    await own.query('delete from match_disputes where other_id = any($1)', [ids]);
    for (const text of GONE) await own.query(text, [ids]);
    return (await own.query('delete from matches where id = any($1)', [ids])).rowCount ?? 0;
  });
}
