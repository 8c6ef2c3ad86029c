/** Notices go after a month, and with them who has read them; so does what was followed once. */
import { KEPT_DAYS } from '../../src/notices/notice.ts';
import { defineJob } from '../job.ts';

const BATCH = 1_000;

const OLD = [
  [
    'notices',
    `with old as (
       select id from notices where created_at < clock_timestamp() - interval '${KEPT_DAYS} days'
       order by created_at limit $1
     ), reads as (delete from notice_reads where notice_id in (select id from old))
     delete from notices where id in (select id from old)`,
  ],
  [
    'follows',
    `delete from follows where (user_id, subject) in (
       select user_id, subject from follows
       where ended_at < clock_timestamp() - interval '${KEPT_DAYS} days' order by ended_at limit $1)`,
  ],
] as const;

export const cleanupOldNotifications = defineJob({
  name: 'cleanup_old_notifications',
  summary: `Removes notices after ${KEPT_DAYS} days, and what was followed until then`,
  most_ms: 5 * 60_000,
  async run({ pool, progress, isOver }) {
    const removed: Record<string, number> = {};
    for (const [what, text] of OLD) {
      removed[what] = 0;
      for (let count = BATCH; count === BATCH && !isOver(); ) {
        count = (await pool.query(text, [BATCH])).rowCount ?? 0;
        removed[what] += count;
        await progress(Object.values(removed).reduce((sum, n) => sum + n, 0));
      }
    }
    return removed;
  },
});
