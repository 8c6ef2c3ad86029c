/** Brings the audit trail up to the inbox, as workers do by themselves twice a second, and says how far it and the checkpoints are. */
import { defineJob } from '../job.ts';
import { measureLag } from '../log/measureLag.ts';
import { MAY_BE_AUDITED } from './audited.ts';
import { AT_ONCE, type AuditTools, followOnce } from './followInbox.ts';
import { takeOnce } from './takeRefusals.ts';

/** Of what is behind the mark, the one that waits longest. */
const BEHIND = `
  select coalesce(extract(epoch from clock_timestamp() - (
    select accepted_at from commands where ${MAY_BE_AUDITED} and position > (select position from audit_mark where one)
    order by position limit 1)), 0)::float8 as seconds`;

export const syncAuditTrail = defineJob({
  name: 'sync_audit_trail',
  summary: 'Brings the audit trail up to the inbox, and says how far it and the checkpoints over it are',
  most_ms: 4 * 60_000,
  async run({ pool, queues, log, isOver, progress }) {
    const { rows } = await pool.query<{ id: string }>('select id from installation');
    const tools: AuditTools = { pool, queues, log, installation: rows[0]!.id };
    const done = { commands: 0, refusals: 0 };
    for (const [what, once] of [
      ['commands', followOnce],
      ['refusals', takeOnce],
    ] as const) {
      for (let read = AT_ONCE; read >= AT_ONCE && !isOver(); ) {
        read = await once(tools);
        done[what] += read;
        await progress(done.commands + done.refusals);
      }
    }
    const behind = await pool.query<{ seconds: number }>(BEHIND);
    const unsigned_seconds = Math.round(await measureLag(pool as never));
    return { ...done, behind_seconds: Math.round(behind.rows[0]!.seconds), unsigned_seconds };
  },
});
