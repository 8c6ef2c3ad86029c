/**
 * Streams that wait alone, as their workers tell of them: another transaction has them locked, or only a newer version knows
 * what they hold. What is told lapses by itself where the worker that told it ends.
 */

import type { Queryable } from '../sql/queryable.ts';
import type { Postponed } from './outcome.ts';

const PUBLISH = {
  name: 'publish-backoffs',
  text: `
    with lapsed as (
      delete from stream_backoffs where until < clock_timestamp() - interval '1 minute' and stream <> all($1)
    )
    insert into stream_backoffs (stream, reason, until)
    select stream, reason, clock_timestamp() + interval '3 seconds'
    from unnest($1::text[], $2::text[]) as b (stream, reason) order by stream
    on conflict (stream) do update set reason = excluded.reason, until = excluded.until`,
};

/** To be said again every second or two while it lasts. */
export async function publishBackoffs(
  db: Queryable,
  backoffs: readonly { stream: string; reason: Postponed['reason'] }[],
): Promise<void> {
  await db.query({ ...PUBLISH, values: [backoffs.map(({ stream }) => stream), backoffs.map(({ reason }) => reason)] });
}
