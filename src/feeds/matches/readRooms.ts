/** Our own rooms as matches, read by the ids of their assignments in one statement: what it was made of and how much of it are of one instant. */
import type { Visibility } from '../../access/scope.ts';
import { readClock } from '../../core/sql/databaseClock.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { INTERNAL } from './match.ts';
import type { MatchUpdate } from './nextState.ts';
import { type Room, type RoomTurn, stateOfRoom } from './roomState.ts';

type RoomRow = Omit<Room, 'turns'> & {
  id: string;
  institution_id: string;
  visibility: Visibility;
  session_id: string | null;
  turns: RoomTurn[] | null;
  source: number;
};

const HEADS = `coalesce((select h.sequence from streams h where h.stream = 'assignment:' || a.id), 0)
  + coalesce((select h.sequence from streams h where h.stream = 'session:' || s.id), 0)`;

const ROOMS = `
  select a.id, a.institution_id, a.visibility, a.title, a.courtroom, a.scheduled_at, a.cancelled_at, s.id as session_id, s.status,
    (${HEADS})::float8 as source,
    exists (select from matches m where m.assignment_id = a.id and m.provider <> '${INTERNAL}' and m.published
      and m.phase not in ('finished', 'postponed', 'cancelled')) as awaits_result,
    (select json_agg(json_build_object('side', t.side, 'kind', t.kind, 'state', t.state, 'speaker_name', t.speaker_name,
        'allotted_ms', t.allotted_ms, 'extension_ms', t.extension_ms, 'started_at', t.started_at, 'ended_at', t.ended_at,
        'paused_ms', t.paused_ms, 'paused_since', t.paused_since, 'paused_by', t.paused_by) order by t.order_index)
      from session_turns t where t.session_id = s.id) as turns
  from assignments a left join courtroom_sessions s on s.assignment_id = a.id where a.id = any($1::uuid[]) order by a.id`;

/** @param db of role `worker` */
export async function readRooms(db: Queryable, assignment_ids: readonly string[]): Promise<MatchUpdate[]> {
  const { rows } = await db.query<RoomRow>(ROOMS, [assignment_ids]);
  const now = await readClock(db);
  return rows.map((row) => updateOf(row, now));
}

function updateOf({ id, institution_id, visibility, session_id, source, turns, ...room }: RoomRow, now: string) {
  const whose = { id, institution_id, visibility, provider: INTERNAL, assignment_id: id, session_id, published: true };
  const row = { ...whose, feed_id: null, provider_id: null, round: null, pair: null };
  return { row, state: stateOfRoom({ ...room, turns: turns ?? [] }, now), source };
}

/** The rooms of a day, each as often as the others, whose match is not of all that is recorded. */
const STALE = `
  with looked as (
    select a.id, a.scheduled_at from assignments a
    where a.scheduled_at >= $1::timestamptz and a.scheduled_at < $2 and (a.scheduled_at, a.id) > ($3::timestamptz, $4::uuid)
    order by a.scheduled_at, a.id limit $5
  )
  select a.id, a.scheduled_at, (${HEADS}) is distinct from (select m.source from match_state m where m.match_id = a.id) as is_stale
  from looked a left join courtroom_sessions s on s.assignment_id = a.id order by a.scheduled_at, a.id`;

/** Where a look through the rooms of some days goes on. */
export interface Place {
  after_time: string;
  after_id: string;
}

/** @returns those that are to be read again, and where to go on; undefined at the end */
export async function findStaleRooms(
  db: Queryable,
  { from, to }: { from: string; to: string },
  { after_time, after_id }: Place,
  limit: number,
): Promise<{ ids: string[]; next: Place | undefined }> {
  const { rows } = await db.query<{ id: string; scheduled_at: string; is_stale: boolean }>(STALE, [
    ...[from, to, after_time, after_id, limit],
  ]);
  const last = rows.length === limit ? rows.at(-1) : undefined;
  const ids = rows.filter(({ is_stale }) => is_stale).map(({ id }) => id);
  return { ids, next: last && { after_time: last.scheduled_at, after_id: last.id } };
}

const OPEN = `
  (select assignment_id as id from courtroom_sessions where status in ('active', 'paused') order by status, id limit $1)
  union
  (select a.id from assignments a left join courtroom_sessions s on s.assignment_id = a.id
    where a.scheduled_at between clock_timestamp() - interval '1 day' and clock_timestamp() and a.cancelled_at is null
      and coalesce(s.status, 'pending') = 'pending'
    order by a.scheduled_at desc, a.id limit $1)`;

/** Rooms that are not over, whenever they were set for, and those of the last day that have not begun: both get later. */
export async function findOpenRooms(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(OPEN, [limit]);
  return rows.map(({ id }) => id);
}
