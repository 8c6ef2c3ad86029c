/**
 * References to checkpoints that are older than a year are archived: they are listed no more unless they are asked for. The
 * checkpoints themselves stay, as all that is recorded does, and so do events: every proof goes on being given.
 */
import { defineJob } from '../job.ts';

export const KEPT_DAYS = 365;
const BATCH = 1_000;

/** The latest stays listed, however old. */
const ARCHIVE = `
  insert into audit_archive (size)
  select size from log_checkpoints c
  where size > (select coalesce(max(size), -1) from audit_archive)
    and created_at < clock_timestamp() - interval '${KEPT_DAYS} days'
    and size < (select max(size) from log_checkpoints)
  order by size limit ${BATCH}
  on conflict do nothing`;

export const archiveCheckpoints = defineJob({
  name: 'cleanup_old_blockchain_records',
  summary: `Archives references to checkpoints older than ${KEPT_DAYS} days; checkpoints and events stay`,
  most_ms: 10 * 60_000,
  async run({ pool, progress, isOver }) {
    let archived = 0;
    while (!isOver()) {
      const { rowCount } = await pool.query(ARCHIVE);
      archived += rowCount ?? 0;
      await progress(archived);
      if ((rowCount ?? 0) < BATCH) break;
    }
    return { archived };
  },
});
