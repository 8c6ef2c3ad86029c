/** Reading a session's procedural violations, in the order in which they were recorded. */
import type { JsonObject } from '../../core/definitions/event.ts';
import { type Page, pageOf } from '../../core/definitions/page.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Violation } from './violation.ts';

export async function readViolations(db: Queryable, session_id: string, page: Page): Promise<JsonObject> {
  const [after_time = null, after_id = null] = page.after;
  const { rows } = await db.query<Violation>(
    `select id, user_id, turn_id, kind, description, recorded_by, recorded_at from procedural_violations
     where session_id = $1 and ($2::timestamptz is null or (recorded_at, id) > ($2, $3::uuid))
     order by recorded_at, id limit $4`,
    [session_id, after_time, after_id, page.limit + 1],
  );
  return pageOf(
    rows,
    page,
    (row) => ({ ...row }),
    (row) => [row.recorded_at, row.id],
  );
}
