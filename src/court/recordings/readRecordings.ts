/** Reading the recordings of a session that were added beside its own, in the order in which they were. */

import type { JsonObject } from '../../core/definitions/event.ts';
import { type Page, pageOf } from '../../core/definitions/page.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Recording } from './recording.ts';

export async function readRecordings(db: Queryable, session_id: string, page: Page): Promise<JsonObject> {
  const [after_time = null, after_id = null] = page.after;
  const { rows } = await db.query<Recording>(
    `select id, session_id, url, title, added_by, added_at from session_recordings
     where session_id = $1 and ($2::timestamptz is null or (added_at, id) > ($2, $3::uuid))
     order by added_at, id limit $4`,
    [session_id, after_time, after_id, page.limit + 1],
  );
  return pageOf(
    rows,
    page,
    (row) => ({ ...row }),
    (row) => [row.added_at, row.id],
  );
}
