/** Reading who takes part in a session, in order of joining. */
import type { JsonObject } from '../../core/definitions/event.ts';
import { type Page, pageOf } from '../../core/definitions/page.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { participantResource } from '../sessions/sessionResource.ts';

type Shown = ReturnType<typeof participantResource>;

export async function readParticipants(db: Queryable, session_id: string, page: Page): Promise<JsonObject> {
  const [after_time = null, after_id = null] = page.after;
  const { rows } = await db.query<Shown>(
    `select id, user_id, name, role, status, joined_at, left_at, connection_count
     from session_participations
     where session_id = $1 and ($2::timestamptz is null or (joined_at, id) > ($2, $3::uuid))
     order by joined_at, id limit $4`,
    [session_id, after_time, after_id, page.limit + 1],
  );
  return pageOf(
    rows,
    page,
    (row) => ({ ...row }),
    (row) => [row.joined_at, row.id],
  );
}

/** All of them, for a snapshot. */
export async function readAllParticipants(db: Queryable, session_id: string): Promise<Shown[]> {
  const { rows } = await db.query<Shown>(
    `select id, user_id, name, role, status, joined_at, left_at, connection_count
     from session_participations where session_id = $1 order by joined_at, id`,
    [session_id],
  );
  return rows;
}
