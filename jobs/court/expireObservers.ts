/** Ends observations that outlived their ticket and were never left. */
import { NIL_ID } from '../../src/core/chain/ids.ts';
import { TICKET_TTL_MS } from '../../src/court/observers/observeSession.ts';
import { defineJob } from '../job.ts';
import { sendDue } from '../send/sendDue.ts';

interface Row {
  id: string;
  session_id: string;
  observed_at: string;
}

const EXPIRED = `
  select id, session_id, observed_at from session_observations
  where left_at is null and (observed_at, id) > ($1, $2)
    and observed_at <= (select clock_timestamp()) - $3 * interval '1 millisecond'
  order by observed_at, id limit $4`;
const FIRST = { observed_at: '-infinity', id: NIL_ID };

export const expireObservers = defineJob({
  name: 'expire.observers',
  summary: 'Ends observations that outlived their ticket of 15 minutes',
  most_ms: 60_000,
  run: (tools) =>
    sendDue<Row>(
      tools,
      async (last, limit) => {
        const { observed_at, id } = last ?? FIRST;
        return (await tools.pool.query<Row>(EXPIRED, [observed_at, id, TICKET_TTL_MS, limit])).rows;
      },
      ({ id, session_id }) => ({
        name: 'observation.expire',
        input: { session_id, observation_id: id },
        key: `expire.observers ${id}`,
      }),
    ),
});
