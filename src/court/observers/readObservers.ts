/**
 * How many looked on at a session, and for how long all of them together. An observation that never had a socket ended
 * as it began, and is none; a person with several is one.
 */
import type { Queryable } from '../../core/sql/queryable.ts';

const OBSERVERS = `
  select count(distinct person)::integer as count,
    (count(distinct person) filter (where left_at is null or left_at > $2))::integer as looking_on,
    coalesce(round(sum(extract(epoch from least(left_at, $2) - observed_at) * 1000)), 0)::bigint as present_ms
  from (
    select coalesce(user_id, id) as person, observed_at, left_at from session_observations
    where session_id = $1 and observed_at < $2 and left_at is distinct from observed_at) o`;

/** @param as_of until when observations are counted */
export async function readObservers(db: Queryable, session_id: string, as_of: string) {
  const { rows } = await db.query<{ count: number; looking_on: number; present_ms: number }>(OBSERVERS, [
    session_id,
    as_of,
  ]);
  const { present_ms, ...counts } = rows[0]!;
  return { ...counts, present_ms, minutes: Math.floor(present_ms / 60_000) };
}
