/**
 * How long events have been without a checkpoint over them, whether the signer, the sequencer or both stand still. Workers
 * measure it: a signer that is gone says nothing of itself.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';

/** The first leaf that is not signed, and the first event of the stream that has waited longest for its leaves. */
export const LAG = {
  name: 'measure-checkpoint-lag',
  text: `
    with waits as (
      select e.occurred_at from log_leaves l join events e on e.stream = l.stream and e.sequence = l.sequence
      where l.index = (select coalesce(max(size), 0) from log_checkpoints)
      union all
      select e.occurred_at from (
        select stream from log_queue where id > (select low_water from log_state where one) order by id limit 1
      ) q cross join lateral (
        select occurred_at from events where stream = q.stream and sequence > coalesce(
          (select sequence from log_leaves where stream = q.stream order by sequence desc limit 1), 0)
        order by sequence limit 1
      ) e
    )
    select greatest(coalesce(extract(epoch from clock_timestamp() - min(occurred_at)), 0), 0)::float8 as seconds from waits`,
};

/** The age of the oldest event that no checkpoint covers, in seconds; 0 where all are. @param db of role `worker` */
export async function measureLag(db: Queryable): Promise<number> {
  return (await db.query<{ seconds: number }>(LAG)).rows[0]!.seconds;
}
