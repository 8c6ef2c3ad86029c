/**
 * Finished commands are kept for seven days, for those who ask how theirs stand or send it again; dead ones too. What
 * they came to stays in the record for ever. Ids grow with time, so old commands are found without an index of their own.
 */

import { firstIdOf } from '../../src/core/chain/ids.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import { withTimeout } from '../../src/core/withTimeout.ts';
import type { Queues } from '../../src/infra/queue/queue.ts';
import { defineJob } from '../job.ts';

export const KEPT_DAYS = 7;
const BATCH = 1_000;
const DAY_MS = 86_400_000;
const QUEUE_WITHIN_MS = 10_000;
const MOST_LETTERS = 10_000;
/** How far an API's clock, which makes the ids, may be ahead of the database's. */
const ID_SLACK_MS = 3_600_000;

export const pruneCommands = defineJob({
  name: 'prune.commands',
  summary: `Removes commands that were finished ${KEPT_DAYS} days ago, and their dead letters; events stay for ever`,
  most_ms: 10 * 60_000,
  async run({ pool, queues, progress, isOver, log }) {
    const now_ms = Date.parse(await readClock(pool));
    const before = firstIdOf(now_ms - KEPT_DAYS * DAY_MS + ID_SLACK_MS);
    let after = firstIdOf(0);
    let removed = 0;
    while (!isOver()) {
      const { rows } = await pool.query<{ last: string | null; removed: number }>(
        `with batch as materialized (
           select id, finished_at < clock_timestamp() - $3 * interval '1 day' as is_old
           from commands where id > $1 and id < $2 order by id limit $4
         ), gone as (
           delete from commands c using batch b where c.id = b.id and b.is_old returning c.id
         )
         select (select id from batch order by id desc limit 1) as last, (select count(*) from gone) as removed`,
        [after, before, KEPT_DAYS, BATCH],
      );
      const [batch] = rows;
      if (batch!.last === null) break;
      after = batch!.last;
      removed += batch!.removed;
      await progress(removed);
    }
    await removeLetters(queues).catch((err) =>
      log.warn({ err }, 'pruning dead letters failed; the next run tries again'),
    );
    return { removed };
  },
});

/** A dead letter is as old as the end of its command: once that is gone there is nothing left to redrive. */
async function removeLetters(queues: Queues): Promise<void> {
  const removed = queues.queue('dead-letters').clean(KEPT_DAYS * DAY_MS, MOST_LETTERS, 'waiting');
  await withTimeout(removed, QUEUE_WITHIN_MS, 'the queue does not answer');
}
