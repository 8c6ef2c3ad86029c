/** Many halls at once, without anybody's seat: for those that are asked again and again who may hear their galleries. */
import type { Queryable } from '../core/sql/queryable.ts';
import type { Hall } from './hall.ts';

const HALLS = `
  select s.id as session_id, a.institution_id, s.status, coalesce(a.gallery, 'off') as mode,
    coalesce(a.gallery_moderation, case a.visibility when 'public' then 'before' else 'after' end) as moderation,
    coalesce(g.is_closed, false) as is_closed, coalesce(g.slow_seconds, 0) as slow_seconds
  from courtroom_sessions s
  join assignments a on a.id = s.assignment_id
  left join galleries g on g.session_id = s.id
  where s.id = any($1)`;

/** By session. */
export async function readHalls(
  db: Queryable,
  session_ids: readonly string[],
): Promise<Map<string, Omit<Hall, 'seat'>>> {
  const { rows } = await db.query<Omit<Hall, 'seat'>>({ name: 'read-halls', text: HALLS, values: [session_ids] });
  return new Map(rows.map((hall) => [hall.session_id, hall]));
}
