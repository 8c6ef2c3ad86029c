/** Login sessions are kept for a day after the end of their last token: nobody is shown for longer where they signed in. */
import { defineJob } from '../job.ts';

export const KEPT_HOURS = 24;
const BATCH = 1_000;

// The login sessions themselves last: what was cut off is found again.
const REMOVE = `
  with old as materialized (
    select id from logins where expires_at < (select clock_timestamp()) - interval '${KEPT_HOURS} hours'
    order by expires_at limit $1
  ), places as (
    delete from login_places where login_id in (select id from old)
  ), ends as (
    delete from login_ends where login_id in (select id from old)
  )
  delete from logins where id in (select id from old)`;

export const cleanUpExpired = defineJob({
  name: 'cleanup_expired_sessions',
  summary: `Removes login sessions ${KEPT_HOURS} hours after the end of their last token; never the record`,
  most_ms: 5 * 60_000,
  async run({ pool, progress, isOver }) {
    let removed = 0;
    for (let count = BATCH; count === BATCH && !isOver(); ) {
      count = (await pool.query(REMOVE, [BATCH])).rowCount ?? 0;
      removed += count;
      await progress(removed);
    }
    return { removed };
  },
});
