/** Telemetry as it was sent is kept for 90 days. By its age, in bounded portions; what a run has no time for the next one takes. */
import { defineJob } from '../job.ts';

export const KEPT_DAYS = 90;
const ROWS = 500;

const REMOVE = `
  delete from telemetry_batches where id in (
    select id from telemetry_batches where received_at < (select clock_timestamp()) - interval '${KEPT_DAYS} days'
    order by received_at limit ${ROWS})`;

export const cleanUpBehaviour = defineJob({
  name: 'cleanup_old_behavioral_data',
  summary: `Removes telemetry after ${KEPT_DAYS} days`,
  most_ms: 5 * 60_000,
  async run({ pool, progress, isOver }) {
    let removed = 0;
    for (let count = ROWS; count === ROWS; ) {
      if (isOver()) return { removed, is_complete: false };
      count = (await pool.query(REMOVE)).rowCount ?? 0;
      removed += count;
      await progress(removed);
    }
    return { removed, is_complete: true };
  },
});
