/** How an author posts: how fast, by the people who reported the author lately and by the gallery's slow mode, and under what name. */
import type { Author, PostTerms } from '../core/definitions/author.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { RULES } from '../guard/rules.ts';

/**
 * A guest is another in each session: by the key its messages are found in all of them, as long as they have it, and by the
 * guest's name those of this session for as long as a report counts.
 */
const PACE = `
  select coalesce((select slow_seconds from galleries where session_id = $1), 0) as slow_seconds,
    shows_names($1) as shows_names,
    (select count(distinct r.reporter)::integer
     from (
       select reporter, session_id, reported_at from gallery_reports where author = $2
       union all
       select told.reporter, told.session_id, told.reported_at
       from gallery_messages m join gallery_reports told on told.message_id = m.id
       where m.author_key = $3) r
     join courtroom_sessions s on s.id = r.session_id
     where r.reported_at > clock_timestamp() - $4 * interval '1 millisecond'
       and s.institution_id = (select institution_id from courtroom_sessions where id = $1)) as reporters`;

export async function readPace(
  db: Queryable,
  session_id: string,
  { id, key }: Pick<Author, 'id' | 'key'>,
): Promise<PostTerms> {
  const values = [session_id, id, key, RULES.reports.window_ms];
  const { rows } = await db.query<PostTerms>({ name: 'read-pace', text: PACE, values });
  return rows[0]!;
}
