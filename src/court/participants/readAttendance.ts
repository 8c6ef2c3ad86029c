/**
 * The attendance of a session, folded from its events, page by page however many there are. Everybody in scope may ask:
 * of people it says nothing that the log does not. Of tables it reads the roster, for the names of who never came, and
 * the observations, which are counted.
 */
import { defineQuery, NO_QUERY } from '../../core/definitions/query.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { readObservers } from '../observers/readObservers.ts';
import { sessionStreamName } from '../sessions/session.ts';
import { aboutSession } from '../sessions/sessionQuery.ts';
import { SERVER_TIME } from '../turns/readTurns.ts';
import {
  afterEvents,
  attendanceAnswer,
  attendanceOf,
  COMING_AND_GOING,
  type Coming,
  type Periods,
  type Seated,
} from './attendance.ts';

const PAGE = 1_000;

interface Facts {
  assignment_id: string;
  is_final: boolean;
  as_of: string;
  sequence: number;
}

export const readAttendanceReport = defineQuery({
  name: 'session.attendance',
  route: 'GET /api/session/:session_id/attendance',
  summary: 'Who of the roster was in the room, when and for how long, from the record',
  roles: 'anyone',
  query: NO_QUERY,
  target: aboutSession,
  answer: attendanceAnswer,
  read: ({ db, params }) => readAttendance(db, params.session_id),
});

/** @param page how many events are read at once. @returns undefined where there is no such session */
export async function readAttendance(db: Queryable, session_id: string, page = PAGE) {
  const { rows } = await db.query<Facts>(
    `select s.assignment_id, s.status = 'completed' as is_final, coalesce(s.ended_at, ${SERVER_TIME}) as as_of, h.sequence
     from courtroom_sessions s join streams h on h.stream = $2 where s.id = $1`,
    [session_id, sessionStreamName(session_id)],
  );
  const [facts] = rows;
  if (!facts) return undefined;
  const { assignment_id, is_final, as_of, sequence } = facts;
  const roster = await db.query<Seated>(
    `select user_id, name, role, presiding, replaced_at from rosters
     where assignment_id = $1 order by place, replaced_at nulls last`,
    [assignment_id],
  );
  const observers = await readObservers(db, session_id, as_of);
  const periods = await readPeriods(db, session_id, sequence, page);
  return { session_id, is_final, as_of, attendance: attendanceOf(roster.rows, periods, as_of), observers };
}

async function readPeriods(db: Queryable, session_id: string, last: number, page: number): Promise<Periods> {
  const text = `
    select e.sequence, e.event_type, e.occurred_at, p.payload::json as payload
    from events e join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
    where e.stream = $1 and e.sequence > $2 and e.sequence <= $3 and e.event_type = any($4)
    order by e.sequence limit $5`;
  const stream = sessionStreamName(session_id);
  let periods: Periods = new Map();
  for (let after = 0; ; ) {
    const values = [stream, after, last, COMING_AND_GOING, page];
    const { rows } = await db.query<Coming & { sequence: number }>(text, values);
    periods = afterEvents(periods, rows);
    if (rows.length < page) return periods;
    after = rows.at(-1)!.sequence;
  }
}
