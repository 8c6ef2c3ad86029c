/** How the participants of sessions stand, as the record has it: what presence tells of people. */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Participant } from '../sessions/session.ts';

export type Attending = Pick<Participant, 'user_id' | 'status'>;

/** More than any roster holds; the earliest to join where there were more. */
const MOST_OF_A_SESSION = 200;

const ATTENDING = `
  select s.id as session_id, p.user_id, p.status from unnest($1::uuid[]) as s (id) cross join lateral (
    select user_id, status, joined_at, id from session_participations
    where session_id = s.id order by joined_at, id limit ${MOST_OF_A_SESSION}) p
  order by s.id, p.joined_at, p.id`;

/** Of each of these sessions, in order of joining. */
export async function readAttending(
  db: Queryable,
  session_ids: readonly string[],
): Promise<ReadonlyMap<string, Attending[]>> {
  const { rows } = await db.query<Attending & { session_id: string }>({
    name: 'read-attending',
    text: ATTENDING,
    values: [session_ids],
  });
  const attending = new Map<string, Attending[]>(session_ids.map((id) => [id, []]));
  for (const { session_id, user_id, status } of rows) attending.get(session_id)!.push({ user_id, status });
  return attending;
}
