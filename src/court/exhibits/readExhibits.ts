/** Reading a session's exhibits, in the order in which they were uploaded. */
import type { JsonObject } from '../../core/definitions/event.ts';
import { type Page, pageOf } from '../../core/definitions/page.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Exhibit, exhibitResource } from './exhibit.ts';

const COLUMNS = `id, side, title, media_type, size_bytes, sha256, state, number, uploaded_by, uploaded_at, marked_by,
  marked_at, turn_id, tendered_by, tendered_at, ruling, ruled_by, ruled_at, withdrawn_by, withdrawn_at`;

export async function readExhibits(db: Queryable, session_id: string, page: Page): Promise<JsonObject> {
  const [after_time = null, after_id = null] = page.after;
  const { rows } = await db.query<Exhibit>(
    `select ${COLUMNS} from exhibits
     where session_id = $1 and ($2::timestamptz is null or (uploaded_at, id) > ($2, $3::uuid))
     order by uploaded_at, id limit $4`,
    [session_id, after_time, after_id, page.limit + 1],
  );
  return pageOf(rows, page, exhibitResource, (row) => [row.uploaded_at, row.id]);
}

/** All of them, for a snapshot. */
export async function readAllExhibits(db: Queryable, session_id: string): Promise<JsonObject[]> {
  const { rows } = await db.query<Exhibit>(
    `select ${COLUMNS} from exhibits where session_id = $1 order by uploaded_at, id`,
    [session_id],
  );
  return rows.map(exhibitResource);
}

/** @returns undefined where the session has none of that id */
export async function findExhibitOf(
  db: Queryable,
  { session_id, exhibit_id }: { session_id: string; exhibit_id: string },
): Promise<JsonObject | undefined> {
  const text = `select ${COLUMNS} from exhibits where session_id = $1 and id = $2`;
  const { rows } = await db.query<Exhibit>(text, [session_id, exhibit_id]);
  return rows[0] && exhibitResource(rows[0]);
}
