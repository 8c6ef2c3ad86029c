/** The rounds of which something may still be heard, as the leader reads them. */
import type { JsonObject } from '../../src/core/definitions/event.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { OVER, type Phase } from '../../src/feeds/matches/match.ts';

export interface TargetRow {
  feed_id: string;
  institution_id: string;
  provider: string;
  /** Of `generic_json`. */
  mapping: JsonObject | null;
  round: number;
  phases: Phase[];
  match_ids: string[];
  /** In the order of the matches: their teams, as `pairOf` says, and their times, in milliseconds since 1970. */
  pairs: (string | null)[];
  times: number[];
}

/** Results may be corrected so long after the end. */
const RECHECKED_MINUTES = 180;
const AHEAD_DAYS = 7;
/** What was to begin so long ago and never had a result is not waited for. */
const WAITED_DAYS = 2;
/** Of an installation. */
const MOST_TARGETS = 2_000;

/** Of an institution, half of them those next to begin and half those that began last; its feeds share them. */
const MOST_NEAR = 20_000;
/** Of a feed, however many its institution has: a round of a large tournament. */
const LEAST_OF_FEED = 100;

const HALF = `greatest(${MOST_NEAR / 2} / n.beside, ${LEAST_OF_FEED / 2})`;
const OF_FEED = 'select id, round, phase, pair, listed_at from matches where feed_id = n.id and listed_at';

/** Feeds of years stay enabled, and a site may heap up what it likes: both are left by index. */
const TARGETS = `
  with here as materialized (select clock_timestamp() as now), span as materialized (
    select now, now - interval '${WAITED_DAYS} days' as since, now + interval '${AHEAD_DAYS} days' as until from here
  ), near as materialized (
    select f.id, f.institution_id, count(*) over (partition by f.institution_id) as beside
    from feeds f cross join lateral (select from matches m
      where m.feed_id = f.id and m.listed_at between (select since from span) and (select until from span) limit 1) any_near
    where f.state = 'enabled' and f.base_url is not null
  ), told as (
    select n.id as feed_id, n.institution_id, m.round, array_agg(distinct m.phase) as phases,
      array_agg(m.id order by m.id) as match_ids, array_agg(m.pair order by m.id) as pairs,
      array_agg((extract(epoch from m.listed_at) * 1000)::float8 order by m.id) as times,
      row_number() over (partition by n.institution_id order by min(m.listed_at), n.id, m.round) as turn
    from near n cross join lateral (
      (${OF_FEED} between (select now from span) and (select until from span) order by listed_at limit ${HALF})
      union all
      (${OF_FEED} >= (select since from span) and listed_at < (select now from span) order by listed_at desc limit ${HALF})
    ) m
    where m.phase <> all($1) or exists (select from match_state s
      where s.match_id = m.id and s.updated_at > clock_timestamp() - interval '${RECHECKED_MINUTES} minutes')
    group by n.id, n.institution_id, m.round
  )
  select feed_id, t.institution_id, f.provider, f.mapping, round, phases, match_ids, pairs, times
  from (select * from told order by turn, feed_id, round limit $2) t join feeds f on f.id = feed_id order by feed_id, round`;

/** @param db of role `worker`. @param most of all institutions, each in its turn; the first that begin of each */
export async function readTargets(db: Queryable, most = MOST_TARGETS): Promise<TargetRow[]> {
  return (await db.query<TargetRow>(TARGETS, [OVER, most])).rows;
}

const DUE_SYNCS = `
  select f.id from feeds f left join feed_states s on s.feed_id = f.id
  where f.state = 'enabled' and f.base_url is not null
    and greatest(s.last_sync, f.changed_at) < clock_timestamp() - interval '1 hour'
  order by row_number() over (partition by f.institution_id
    order by md5(f.id || ' ' || extract(hour from (select clock_timestamp())))), f.id limit $1`;

/**
 * Feeds whose schedule was not read for an hour. An admin may have it read sooner. Each institution has its turn, and of one
 * whose sites fail others in each hour.
 */
export async function readDueSyncs(db: Queryable, most = MOST_TARGETS): Promise<string[]> {
  return (await db.query<{ id: string }>(DUE_SYNCS, [most])).rows.map(({ id }) => id);
}
