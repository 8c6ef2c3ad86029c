/** How an author posts: how fast, by the people who reported the author lately and by the gallery's slow mode, and under what name. */
import type { Author, NameIn, PostTerms } from '../core/definitions/author.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { RULES } from '../guard/rules.ts';

// A clock that is compared with directly is asked for each row, and goes by no index.
const IS_LATE = `reported_at > (select clock_timestamp() - $2 * interval '1 millisecond')`;
/** More sessions than an institution has in a week. */
const MOST_SESSIONS = 2_000;

/** Where guests of this session's institution were reported lately. */
const REPORTED_IN = `
  select distinct r.session_id as id
  from gallery_reports r join courtroom_sessions s on s.id = r.session_id
  where r.author like 'guest:%' and r.${IS_LATE}
    and s.institution_id = (select institution_id from courtroom_sessions where id = $1)
  limit ${MOST_SESSIONS}`;

/**
 * A guest is another in each session: found by what it is called there ($5 and $6), which the door makes out from the key
 * and nothing keeps; and by the key itself, which goes with the text, where it was one of a crowd.
 */
const PACE = `
  select coalesce((select slow_seconds from galleries where session_id = $1), 0) as slow_seconds,
    shows_names($1) as shows_names,
    (select count(distinct r.reporter)::integer
     from (
       select reporter, session_id, reported_at from gallery_reports where author = $3
       union all
       select there.reporter, there.session_id, there.reported_at
       from unnest($5::uuid[], $6::text[]) as called (session_id, author)
       join gallery_reports there on there.session_id = called.session_id and there.author = called.author
       union all
       select told.reporter, told.session_id, told.reported_at
       from gallery_messages m join gallery_reports told on told.message_id = m.id
       where m.author_key = $4) r
     join courtroom_sessions s on s.id = r.session_id
     where r.${IS_LATE}
       and s.institution_id = (select institution_id from courtroom_sessions where id = $1)) as reporters`;

/** @param nameIn undefined for a user */
export async function readPace(
  db: Queryable,
  session_id: string,
  { id, key }: Pick<Author, 'id' | 'key'>,
  nameIn: NameIn | undefined,
): Promise<PostTerms> {
  const asked = [session_id, RULES.reports.window_ms];
  const others = nameIn
    ? (await db.query<{ id: string }>({ name: 'read-reported-in', text: REPORTED_IN, values: asked })).rows
    : [];
  const sessions = others.map((one) => one.id);
  const values = [...asked, id, key, sessions, sessions.map((one) => nameIn!(one))];
  const { rows } = await db.query<PostTerms>({ name: 'read-pace', text: PACE, values });
  return rows[0]!;
}
