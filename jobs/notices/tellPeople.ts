/**
 * Tells one event to those who follow what it is of, or whom it concerns: in portions, in the order of their ids, and only to
 * those who may see it now. Told again it tells nobody twice.
 */
import { NIL_ID } from '../../src/core/chain/ids.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Publish } from '../../src/infra/console/tellConsole.ts';
import { teamSubject } from '../../src/notices/follows/followed.ts';
import type { Telling } from './noticeOf.ts';
import { notify } from './notify.ts';

/** One portion. */
export const PORTION = 500;

interface Place {
  assignment_id: string;
  session_id: string | null;
  institution_id: string;
  visibility: string;
  title: string;
  courtroom: string;
  /** What else follows this match: matches of feeds that are this one, and teams. */
  match_ids: string[];
  teams: string[];
}

const PLACE = `
  select a.id as assignment_id, s.id as session_id, a.institution_id, a.visibility, a.title, a.courtroom,
    array(select m.id::text from matches m where m.assignment_id = a.id) as match_ids,
    array(select t.name from matches m join match_state st on st.match_id = m.id
      cross join lateral (values (st.state ->> 'petitioner'), (st.state ->> 'respondent')) as t (name)
      where m.assignment_id = a.id and t.name is not null) as teams
  from assignments a left join courtroom_sessions s on s.assignment_id = a.id`;
const BY_ASSIGNMENT = { name: 'find-told-assignment', text: `${PLACE} where a.id = $1` };
const BY_SESSION = { name: 'find-told-session', text: `${PLACE} where s.id = $1` };

// What a person was when following began, held against what may be seen now.
const FOLLOWERS = {
  name: 'find-followers',
  text: `
    select f.user_id, f.followed_at <= $3 and ($4 = 'public' or f.role = 'super_admin'
        or (f.institution_id = $5 and ($4 = 'institution' or f.role = 'admin'))
        or exists (select from rosters r where r.assignment_id = $6 and r.user_id = f.user_id and r.replaced_at is null)
      ) as is_told
    from follows f where f.subject = $1 and f.ended_at is null and f.user_id > $2
    order by f.user_id limit ${PORTION}`,
};

const ROSTER = {
  name: 'find-told-roster',
  text: 'select user_id from rosters where assignment_id = $1 and (replaced_at is null or user_id = any($2))',
};

/** @param db of role `worker`. @returns how many notices were new */
export async function tellPeople(db: Queryable, publish: Publish, telling: Telling): Promise<number> {
  const { of } = telling;
  const [read, id] = 'session_id' in of ? [BY_SESSION, of.session_id] : [BY_ASSIGNMENT, of.assignment_id];
  const { rows } = await db.query<Place>({ ...read, values: [id] });
  const [place] = rows;
  if (!place) return 0;
  const { event_id: key, kind, concerned } = telling;
  const text = telling.say(place);
  const tell = (people: string[]) =>
    notify(
      db,
      publish,
      people.map((user_id) => ({ to: { user_id }, kind, key, text })),
    );
  if (concerned === null) return tellFollowers(db, place, telling.occurred_at, tell);
  const { rows: roster } = await db.query<{ user_id: string }>({ ...ROSTER, values: [place.assignment_id, concerned] });
  return tell(roster.map(({ user_id }) => user_id));
}

async function tellFollowers(
  db: Queryable,
  place: Place,
  occurred_at: string,
  tell: (people: string[]) => Promise<number>,
): Promise<number> {
  const { visibility, institution_id, assignment_id } = place;
  let told = 0;
  for (const subject of subjectsOf(place)) {
    for (let after: string | undefined = NIL_ID; after !== undefined; ) {
      const values: unknown[] = [subject, after, occurred_at, visibility, institution_id, assignment_id];
      const found = await db.query<{ user_id: string; is_told: boolean }>({ ...FOLLOWERS, values });
      const people = found.rows.filter(({ is_told }) => is_told).map(({ user_id }) => user_id);
      told += await tell(people);
      after = found.rows.length < PORTION ? undefined : found.rows.at(-1)!.user_id;
    }
  }
  return told;
}

function subjectsOf({ assignment_id, session_id, match_ids, teams }: Place): Set<string> {
  return new Set([
    ...(session_id === null ? [] : [`session:${session_id}`]),
    ...[assignment_id, ...match_ids].map((id) => `match:${id}`),
    ...teams.map(teamSubject),
  ]);
}
