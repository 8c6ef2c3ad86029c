/** Reading a session's objections, in the order in which they were raised. */
import type { JsonObject } from '../../core/definitions/event.ts';
import { type Page, pageOf } from '../../core/definitions/page.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Objection, objectionResource } from './objection.ts';

const COLUMNS = `id, turn_id, ground, reason, side, raised_by, raised_at, state, ruling, reserved_at, ruled_by, ruled_at,
  withdrawn_at`;

export async function readObjections(db: Queryable, session_id: string, page: Page): Promise<JsonObject> {
  const [after_time = null, after_id = null] = page.after;
  const { rows } = await db.query<Objection>(
    `select ${COLUMNS} from objections
     where session_id = $1 and ($2::timestamptz is null or (raised_at, id) > ($2, $3::uuid))
     order by raised_at, id limit $4`,
    [session_id, after_time, after_id, page.limit + 1],
  );
  return pageOf(rows, page, objectionResource, (row) => [row.raised_at, row.id]);
}

/** All of them, for a snapshot. */
export async function readAllObjections(db: Queryable, session_id: string): Promise<JsonObject[]> {
  const { rows } = await db.query<Objection>(
    `select ${COLUMNS} from objections where session_id = $1 order by raised_at, id`,
    [session_id],
  );
  return rows.map(objectionResource);
}
