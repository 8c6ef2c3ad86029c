/** Sends a command to each session whose record is silent for 12 hours and that fits a condition. */

import { NIL_ID } from '../../src/core/chain/ids.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { SILENT_AFTER_MS } from '../../src/court/sessions/staleSession.ts';
import type { JobTools } from '../job.ts';
import { sendDue } from './sendDue.ts';

interface Row {
  id: string;
  sequence: number;
}

const silent = (condition: string) => `
  select s.id, h.sequence
  from courtroom_sessions s join streams h on h.stream = 'session:' || s.id
  where ${condition} and s.id > $1 and h.occurred_at <= (select clock_timestamp()) - $2 * interval '1 millisecond'
  order by s.id limit $3`;

/** @param condition SQL over the session `s` */
export function sendToSilentSessions(
  tools: JobTools,
  job: string,
  command: string,
  condition: string,
): Promise<JsonObject> {
  const text = silent(condition);
  return sendDue<Row>(
    tools,
    async (last, limit) => {
      const { rows } = await tools.pool.query<Row>(text, [last?.id ?? NIL_ID, SILENT_AFTER_MS, limit]);
      return rows;
    },
    ({ id, sequence }) => ({ name: command, input: { session_id: id }, key: `${job} ${id} ${sequence}` }),
  );
}
