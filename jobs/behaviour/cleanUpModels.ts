/** Models that were replaced are kept for 30 days, and so are risks; the active model of a person stays. In bounded portions. */
import { defineJob } from '../job.ts';

const KEPT_DAYS = 30;
const ROWS = 500;

const REMOVALS = {
  models: `
    delete from telemetry_models where id in (
      select id from telemetry_models
      where not is_active and trained_at < (select clock_timestamp()) - interval '${KEPT_DAYS} days'
      order by trained_at limit ${ROWS})`,
  risks: `
    delete from telemetry_risks where (login_id, institution_id, user_id) in (
      select login_id, institution_id, user_id from telemetry_risks
      where assessed_at < (select clock_timestamp()) - interval '${KEPT_DAYS} days'
      order by assessed_at limit ${ROWS})`,
};

export const cleanUpModels = defineJob({
  name: 'cleanup_old_models',
  summary: `Removes models that were replaced, and risks, after ${KEPT_DAYS} days; the active model stays`,
  most_ms: 5 * 60_000,
  async run({ pool, progress, isOver }) {
    const removed = { models: 0, risks: 0 };
    for (const what of ['models', 'risks'] as const) {
      for (let count = ROWS; count === ROWS; ) {
        if (isOver()) return { ...removed, is_complete: false };
        count = (await pool.query(REMOVALS[what])).rowCount ?? 0;
        removed[what] += count;
        await progress(removed.models + removed.risks);
      }
    }
    return { ...removed, is_complete: true };
  },
});
