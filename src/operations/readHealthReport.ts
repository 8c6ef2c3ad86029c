/** The last daily health report; there is none before the first was due. */
import type { JsonObject } from '../core/definitions/event.ts';
import type { Queryable } from '../core/sql/queryable.ts';

export async function findHealthReport(db: Queryable): Promise<JsonObject | undefined> {
  const { rows } = await db.query<{ report: JsonObject; [field: string]: unknown }>(
    'select slot, made_at, concerns, report from health_reports order by slot desc limit 1',
  );
  const [found] = rows;
  if (!found) return undefined;
  const { report, ...head } = found;
  return { ...head, ...report };
}
