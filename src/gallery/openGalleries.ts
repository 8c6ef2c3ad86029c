/** Galleries in which something may be said now. */
import type { Queryable } from '../core/sql/queryable.ts';

const OPEN = `
  select s.id from courtroom_sessions s
  join assignments a on a.id = s.assignment_id
  left join galleries g on g.session_id = s.id
  where s.status <> 'completed' and s.visibility = 'public' and a.cancelled_at is null
    and (a.gallery = 'always' or a.gallery = 'breaks' and s.status <> 'active') and g.is_closed is not true
  order by s.started_at desc nulls last, s.created_at desc limit 1`;

/** Of the public sessions under way, or to come, the one that began last. */
export async function findOpenGallery(db: Queryable): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>({ name: 'find-open-gallery', text: OPEN });
  return rows[0]?.id;
}
