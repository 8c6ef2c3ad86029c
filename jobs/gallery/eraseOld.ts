/**
 * What spectators said is kept for GALLERY_RETENTION_HOURS. Then it is erased, by events of the gallery's own stream; what
 * the inbox still holds of a command that was never applied goes as well, and so does what was counted a week ago, and whom
 * bans were about that ended a month ago.
 */
import { NIL_ID } from '../../src/core/chain/ids.ts';
import { MOST_LAPSED } from '../../src/core/definitions/erasure.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import { KEPT_DAYS } from '../../src/gallery/visits/visit.ts';
import { isDue } from '../../src/guard/bans/eraseBans.ts';
import { RULES } from '../../src/guard/rules.ts';
import { defineJob } from '../job.ts';
import { sendDue } from '../send/sendDue.ts';

/** As many messages of a gallery as one event erases, from this one on. */
interface Batch {
  session_id: string;
  from: number;
}

const DUE = `
  select session_id, sequence as from
  from (
    select session_id, sequence, row_number() over (partition by session_id order by sequence) as n
    from gallery_messages where text is not null and posted_at <= $1
  ) due
  where n % ${MOST_LAPSED} = 1 and (session_id, sequence) > ($2, $3)
  order by session_id, sequence limit $4`;

const REMOVE_DEAD = `
  delete from commands where status = 'dead' and finished_at <= $1 and name ~ '^(gallery|guard)\\.' and name !~ '\\.erase$'`;

const DUE_OWNERS = `
  select owner from guard_bans where ${isDue('$1')} and owner > $2 group by owner order by owner limit $3`;

const REMOVE_VISITS = `
  delete from gallery_visits
  where day < to_char((clock_timestamp() at time zone 'UTC')::date - ${KEPT_DAYS}, 'YYYY-MM-DD')`;

export const eraseOld = defineJob({
  name: 'gallery.retention',
  summary:
    'Erases what was said in galleries once it was kept for GALLERY_RETENTION_HOURS, and whom bans were about that ended 30 days ago',
  most_ms: 60_000,
  async run(tools) {
    const { pool, slot, gallery_retention_ms } = tools;
    const now = Date.parse(await readClock(pool));
    const before = new Date(now - gallery_retention_ms).toISOString();
    const ended_before = new Date(now - RULES.erased_after_ms).toISOString();
    const { rowCount: removed } = await pool.query(REMOVE_DEAD, [before]);
    await pool.query(REMOVE_VISITS);
    const sent = await sendDue<Batch>(
      tools,
      async (last, limit) => {
        const values = [before, last?.session_id ?? NIL_ID, last?.from ?? 0, limit];
        return (await pool.query<Batch>(DUE, values)).rows;
      },
      ({ session_id, from }) => ({
        name: 'gallery.erase',
        input: { session_id, before, from },
        key: `gallery.retention ${slot} ${session_id} ${from}`,
      }),
    );
    const ended = await sendDue<{ owner: string }>(
      tools,
      async (last, limit) => {
        const values = [ended_before, last?.owner ?? NIL_ID, limit];
        return (await pool.query<{ owner: string }>(DUE_OWNERS, values)).rows;
      },
      ({ owner }) => ({
        name: 'guard.erase',
        input: { owner, before: ended_before },
        key: `gallery.retention ${slot} guard ${owner}`,
      }),
    );
    return { ...sent, removed, owners: ended.sent, is_complete: sent.is_complete && ended.is_complete };
  },
});
