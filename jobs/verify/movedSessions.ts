/**
 * Sessions whose head moved since their last check, at the cost of what was recorded since the last run: their events are
 * leaves of the log, behind those that the last run saw. Without a word of that run every session is compared with its check.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { StreamName } from '../../src/integrity/streams/streamNames.ts';

/** In one run. What comes behind them is seen by the next. */
const LEAVES = 1_000_000;

/** Names are compared as text: one that holds no uuid is to be found, not to stop the search. */
const AMONG_ALL = `
  select h.stream, h.sequence
  from streams h left join session_checks c on ('session:' || c.session_id) collate "C" = h.stream
  where h.stream like 'session:%'
    and (c.session_id is null or (c.event_sequence <> h.sequence and c.checked_at < $1))
  order by c.checked_at nulls first, h.stream limit $2`;

const SINCE = `
  select h.stream, h.sequence, l.first
  from (
    select stream, min(index) as first from log_leaves
    where index >= $3 and index < $4 and stream like 'session:%' group by stream
  ) l
  join streams h on h.stream = l.stream
  left join session_checks c on c.session_id =
    case when l.stream ~ '^session:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then substr(l.stream, 9)::uuid end
  where c.session_id is null or (c.event_sequence <> h.sequence and c.checked_at < $1)
  order by l.first limit $2`;

const SIZE = 'select size from log_state where one';

export interface Moved {
  sessions: StreamName[];
  /** Behind this leaf the next run looks, once all of these are checked; undefined where it is to compare all again. */
  followed_to: number | undefined;
}

/** @param followed_to what the last run came to */
export async function findMoved(db: Queryable, started: string, most: number, followed_to: unknown): Promise<Moved> {
  // Read first: what grows meanwhile is behind it.
  const size = (await db.query<{ size: number }>(SIZE)).rows[0]?.size ?? 0;
  const isKnown = typeof followed_to === 'number' && followed_to <= size;
  if (!isKnown) {
    const { rows } = await db.query<StreamName>(AMONG_ALL, [started, most]);
    return { sessions: rows, followed_to: rows.length < most ? size : undefined };
  }
  const end = Math.min(size, followed_to + LEAVES);
  const { rows } = await db.query<StreamName & { first: number }>(SINCE, [started, most, followed_to, end]);
  const sessions = rows.map(({ stream, sequence }) => ({ stream, sequence }));
  return { sessions, followed_to: rows.length < most ? end : rows.at(-1)!.first + 1 };
}
