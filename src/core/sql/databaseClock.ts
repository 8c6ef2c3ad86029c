/** The one clock that counts: the database's. */
import type { Queryable } from './queryable.ts';

/** RFC 3339 UTC, in milliseconds. */
export async function readClock(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ now: string }>(
    `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now`,
  );
  return rows[0]!.now;
}
