/**
 * SQL that finds commands without an outcome without walking through those that have one. The inbox's mark has a low
 * water: below it nothing waits, but in the streams that it names as stuck, and in each of those nothing below a
 * position of its own. The workers move it (jobs/upkeep/moveMark.ts); a mark that lags behind costs time, and never a command.
 * Its one row is asked for by its key, `one`: statements that go by key alone take a walk for the dearest thing there is.
 */

/** The number of the inbox that was drawn last; a function, as a sequence has no key. */
export const DRAWN = `coalesce(pg_sequence_last_value('commands_position_seq'), 0)`;

/** A command that waits is at or above this, unless its stream is stuck. */
export const LOW_WATER = 'coalesce((select low_water from inbox_mark where one), 0)';

/**
 * SQL of what waits in a given stream. It says what `status = 'accepted'` says, and is the condition of the index by stream
 * alone: said the other way, a stream's few would be looked for among all that waits, in any plan that was made when nothing did.
 */
export const IS_UNFINISHED = 'finished_at is null';

const STUCK =
  '(select stuck, stuck_from from inbox_mark where one) m cross join lateral unnest(stuck, stuck_from) as marked (stream, position)';

/** Up to `limit` commands of each stuck stream, oldest first. */
export const ofStuck = (columns: string, limit: number | string) => `
  select marked.stream as stuck, c.* from ${STUCK}
  cross join lateral (
    select ${columns} from commands
    where stream = marked.stream and ${IS_UNFINISHED} and position >= marked.position
    order by position limit ${limit}) c`;

/** Up to `limit` commands that wait at or above the low water, in inbox order. */
export const fromMark = (columns: string, limit: number | string, also = 'true') => `
  select ${columns} from commands
  where status = 'accepted' and position >= ${LOW_WATER} and ${also}
  order by position limit ${limit}`;

/** The oldest commands that wait: the first of each stuck stream, and up to `limit` of the others in inbox order. */
export const oldestWaiting = (columns: string, limit: number | string, also = 'true') => `
  select ${columns} from (${ofStuck(columns, 1)}) first_of_stuck where ${also}
  union all (${fromMark(columns, limit, `stream not in (select unnest(stuck) from inbox_mark where one) and ${also}`)})`;

/** Is the stream of one of these kinds? @param kinds an SQL array */
export const isOfKind = (kinds: string) => `split_part(stream, ':', 1) = any(${kinds})`;

/** What waits in a stream is at or above this. @param stream an SQL expression */
export const lowWaterOf = (stream: string) => `
  coalesce((select marked.position from ${STUCK} where marked.stream = ${stream}), ${LOW_WATER})`;
