/** How an author posts: how fast, by the people who reported the author lately and by the gallery's slow mode, and under what name. */
import type { PostTerms } from '../core/definitions/author.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { RULES } from '../guard/rules.ts';

const PACE = `
  select coalesce((select slow_seconds from galleries where session_id = $1), 0) as slow_seconds,
    shows_names($1) as shows_names,
    (select count(distinct r.reporter)::integer
     from gallery_reports r join courtroom_sessions s on s.id = r.session_id
     where r.author = $2 and r.reported_at > clock_timestamp() - $3 * interval '1 millisecond'
       and s.institution_id = (select institution_id from courtroom_sessions where id = $1)) as reporters`;

export async function readPace(db: Queryable, session_id: string, author: string): Promise<PostTerms> {
  const values = [session_id, author, RULES.reports.window_ms];
  const { rows } = await db.query<PostTerms>({ name: 'read-pace', text: PACE, values });
  return rows[0]!;
}
