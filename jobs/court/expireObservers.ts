/**
 * Ends observations that were never left, once their ticket can admit nobody any more and the lease of their sockets has
 * run out: at the time when it did. Where leases may have been forgotten, none is judged by the lack of one.
 */
import { NIL_ID } from '../../src/core/chain/ids.ts';
import { TICKET_TTL_MS } from '../../src/court/observers/observeSession.ts';
import type { Lapses } from '../../src/infra/presence/observers.ts';
import { defineJob, type JobTools } from '../job.ts';
import { sendDue } from '../send/sendDue.ts';

interface Open {
  id: string;
  session_id: string;
  observed_at: string;
  now: string;
}

interface Lapsed extends Open {
  /** Undefined where it goes on, or may. */
  left_at: string | undefined;
}

const OPEN = `
  select id, session_id, observed_at, date_trunc('milliseconds', clock_timestamp()) as now from session_observations
  where left_at is null and (observed_at, id) > ($1, $2)
    and observed_at <= (select clock_timestamp()) - $3 * interval '1 millisecond'
  order by observed_at, id limit $4`;
const FIRST = { observed_at: '-infinity', id: NIL_ID };

export const expireObservers = defineJob({
  name: 'expire.observers',
  summary: 'Ends observations whose ticket of 15 minutes and whose sockets are gone',
  most_ms: 60_000,
  run: (tools) =>
    sendDue<Lapsed>(
      tools,
      (last, limit) => readAfter(tools, last, limit),
      ({ id, session_id, left_at }) =>
        left_at === undefined
          ? undefined
          : {
              name: 'observation.expire',
              input: { session_id, observation_id: id, left_at },
              key: `expire.observers ${id}`,
            },
    ),
});

async function readAfter(
  { pool, observers }: Pick<JobTools, 'pool' | 'observers'>,
  last: Lapsed | undefined,
  limit: number,
): Promise<Lapsed[]> {
  const { observed_at, id } = last ?? FIRST;
  const { rows } = await pool.query<Open>(OPEN, [observed_at, id, TICKET_TTL_MS, limit]);
  if (rows.length === 0) return [];
  const lapses = await observers.lapses(rows.map((row) => row.id));
  return rows.map((row, i) => ({ ...row, left_at: endOf(row, lapses.lapsed_ms[i]!, lapses) }));
}

/** One that never had a socket ends as it began. */
export function endOf(
  { observed_at, now }: Pick<Open, 'observed_at' | 'now'>,
  lapsed_ms: number | null,
  { known_ms, is_whole }: Pick<Lapses, 'known_ms' | 'is_whole'>,
): string | undefined {
  const [began, ends] = [Date.parse(observed_at), Date.parse(now)];
  if (lapsed_ms === null) {
    if (!is_whole) return undefined;
    return known_ms >= ends - began ? observed_at : now;
  }
  return lapsed_ms < 0 ? undefined : new Date(Math.max(began, ends - Math.ceil(lapsed_ms))).toISOString();
}
