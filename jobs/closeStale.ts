/**
 * Ends sessions that were left open: active or paused, with no event for 12 hours. Pending ones stay, however long ago
 * they were to begin: what never began has nothing to complete.
 */
import { SILENT_AFTER_MS } from '../src/sessions/silence.ts';
import { defineJob } from './job.ts';
import { sendDue } from './sendDue.ts';

interface Row {
  id: string;
  sequence: number;
}

const STALE = `
  select s.id, h.sequence
  from courtroom_sessions s join streams h on h.stream = 'session:' || s.id
  where s.status in ('active', 'paused') and s.id > $1
    and h.occurred_at <= clock_timestamp() - $2 * interval '1 millisecond'
  order by s.id limit $3`;
const FIRST = '00000000-0000-0000-0000-000000000000';

export const closeStale = defineJob({
  name: 'close.stale',
  summary: 'Completes active and paused sessions that had no event for 12 hours',
  most_ms: 60_000,
  run: (tools) =>
    sendDue<Row>(
      tools,
      async (last, limit) => (await tools.pool.query<Row>(STALE, [last?.id ?? FIRST, SILENT_AFTER_MS, limit])).rows,
      ({ id, sequence }) => ({
        name: 'session.lapse',
        input: { session_id: id },
        key: `close.stale ${id} ${sequence}`,
      }),
    ),
});
