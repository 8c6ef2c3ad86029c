/**
 * Takes out of the room who came to a session that did not begin and whose record is silent for 12 hours. In one that
 * began nobody is left over: `close.stale` completes it, and with that they leave.
 */
import { SILENT_AFTER_MS } from '../src/sessions/silence.ts';
import { defineJob } from './job.ts';
import { sendDue } from './sendDue.ts';

interface Row {
  id: string;
  sequence: number;
}

const WAITED_FOR = `
  select s.id, h.sequence
  from courtroom_sessions s join streams h on h.stream = 'session:' || s.id
  where s.status = 'pending' and s.id > $1
    and h.occurred_at <= clock_timestamp() - $2 * interval '1 millisecond'
    and exists (select from session_participations p where p.session_id = s.id and p.status <> 'disconnected')
  order by s.id limit $3`;
const FIRST = '00000000-0000-0000-0000-000000000000';

export const expireParticipants = defineJob({
  name: 'expire.participants',
  summary: 'Takes participants out of pending sessions that had no event for 12 hours',
  most_ms: 60_000,
  run: (tools) =>
    sendDue<Row>(
      tools,
      async (last, limit) =>
        (await tools.pool.query<Row>(WAITED_FOR, [last?.id ?? FIRST, SILENT_AFTER_MS, limit])).rows,
      ({ id, sequence }) => ({
        name: 'participants.expire',
        input: { session_id: id },
        key: `expire.participants ${id} ${sequence}`,
      }),
    ),
});
