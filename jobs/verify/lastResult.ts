/** What the last run of a job left for the next to go on from. It is believed for the order of things, never for their soundness. */
import type { JsonObject } from '../../src/core/definitions/event.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';

const LAST = `
  select result from schedule_ticks where name = $1 and status = 'succeeded' order by slot desc limit 1`;

/** @returns nothing where it never ran */
export async function readLastResult(db: Queryable, job: string): Promise<JsonObject> {
  const { rows } = await db.query<{ result: JsonObject | null }>(LAST, [job]);
  return rows[0]?.result ?? {};
}
