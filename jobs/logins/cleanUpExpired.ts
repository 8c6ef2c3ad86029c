/** Login sessions are kept for a day after the end of their last token, and step-ups for a day: nobody is shown for longer where they signed in. */
import { defineJob } from '../job.ts';
import { removalOf } from './removal.ts';

export const KEPT_HOURS = 24;
const BATCH = 1_000;

const REMOVE = removalOf(`
  select id from logins where expires_at < (select clock_timestamp()) - interval '${KEPT_HOURS} hours'
  order by expires_at limit $1`);

// Of login sessions that were ended by what telemetry knows of them.
const REMOVE_ENDS = `
  delete from login_ends where login_id in (
    select login_id from login_ends e where ended_at < (select clock_timestamp()) - interval '${KEPT_HOURS} hours'
      and not exists (select from logins l where l.id = e.login_id)
    order by ended_at limit $1)`;

const REMOVE_STEP_UPS = `
  delete from step_ups where (login_id, user_id) in (
    select login_id, user_id from step_ups where asked_at < (select clock_timestamp()) - interval '${KEPT_HOURS} hours'
    order by asked_at limit $1)`;

export const cleanUpExpired = defineJob({
  name: 'cleanup_expired_sessions',
  summary: `Removes login sessions ${KEPT_HOURS} hours after the end of their last token, and step-ups ${KEPT_HOURS} hours after they were asked; never the record`,
  most_ms: 5 * 60_000,
  async run({ pool, progress, isOver }) {
    let done = 0;
    async function removeAll(statement: string): Promise<number> {
      let removed = 0;
      for (let count = BATCH; count === BATCH && !isOver(); ) {
        count = (await pool.query(statement, [BATCH])).rowCount ?? 0;
        removed += count;
        done += count;
        await progress(done);
      }
      return removed;
    }
    return {
      removed: await removeAll(REMOVE),
      ends: await removeAll(REMOVE_ENDS),
      step_ups: await removeAll(REMOVE_STEP_UPS),
    };
  },
});
