/** Reading sessions: one, and those that are active, each with its head as of the same instant. */

import { z } from 'zod';
import { ROLES } from '../../core/definitions/actor.ts';
import { at, components, listOf, named } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { pageOf, withinPage } from '../../core/definitions/page.ts';
import { defineQuery, NO_QUERY } from '../../core/definitions/query.ts';
import type { Head } from '../../core/definitions/stream.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { cursorOf, inOwnZone, matchPage, matchQuery, type PlacedRow } from '../assignments/matchList.ts';
import { ACTIVE_TURN, SERVER_TIME } from '../turns/readTurns.ts';
import type { Turn } from '../turns/turn.ts';
import { SESSION_STATES, type Session } from './session.ts';
import { aboutSession, byInstant } from './sessionQuery.ts';
import { sessionAnswer, sessionList, sessionResource } from './sessionResource.ts';

type SessionRow = Session & {
  sequence: number;
  event_hash: string;
  participants_count: number;
  checked_at: string | null;
  turn: Turn | null;
  server_time: string;
};

// The head by a sub-select of its own: a join by a computed name may not use the index under row-level security.
const SESSIONS = `
  select s.id, s.assignment_id, s.institution_id, s.title, s.courtroom, s.visibility, s.status, s.created_at,
    s.started_at, s.ended_at, s.recording_url, s.metadata, s.integrity_hash, s.format,
    h.sequence, encode(h.event_hash, 'hex') as event_hash, ${ACTIVE_TURN} as turn, ${SERVER_TIME} as server_time,
    case when c.event_sequence = h.sequence then c.checked_at end as checked_at,
    (select count(*) from session_participations p where p.session_id = s.id) as participants_count
  from courtroom_sessions s
  cross join lateral (select * from streams where stream = 'session:' || s.id limit 1) h
  left join session_checks c on c.session_id = s.id`;

/** @returns undefined where there is none of that id */
export async function findSession(db: Queryable, id: string) {
  const { rows } = await db.query<SessionRow>({
    name: 'find-session',
    text: `${SESSIONS} where s.id = $1`,
    values: [id],
  });
  return rows[0] && resource(rows[0]);
}

export const readSession = defineQuery({
  name: 'session.get',
  route: 'GET /api/session/:session_id',
  summary: 'One session with its head',
  roles: 'anyone',
  query: NO_QUERY,
  target: aboutSession,
  answer: sessionAnswer,
  read: ({ db, params }) => findSession(db, params.session_id),
  version: ({ head }) => String(head.event_sequence),
});

const arm = (from: string, condition: string) => `
  (select s.id from ${from} where s.status = 'active' and ${condition}
    and ($4::timestamptz is null or (s.started_at, s.id) > ($4, $5::uuid)) order by s.started_at, s.id limit $6)`;

/** Each reason to see a session by its own index, as with assignments. */
const ACTIVE = `
  with visible as (
    ${arm('courtroom_sessions s', `$3 = 'super_admin'`)}
    union ${arm('courtroom_sessions s', `s.visibility = 'public'`)}
    union ${arm('courtroom_sessions s', `s.institution_id = $2::uuid and (s.visibility = 'institution' or $3 = 'admin')`)}
    union ${arm('rosters r join courtroom_sessions s on s.assignment_id = r.assignment_id', 'r.user_id = $1::uuid and r.replaced_at is null')}
  )
  ${SESSIONS} where s.id in (select id from visible) order by s.started_at, s.id limit $6`;

export const readActiveSessions = defineQuery({
  name: 'session.active',
  route: 'GET /api/session/active/list',
  summary: 'Active sessions that you may see, by the time they were started',
  roles: ROLES,
  query: byInstant,
  target: () => null,
  answer: sessionList,
  async read({ db, actor, query }) {
    const [after_time = null, after_id = null] = query.cursor ?? [];
    const values = [actor.id, actor.institution_id, actor.role, after_time, after_id, query.limit + 1];
    const { rows } = await db.query<SessionRow>(withinPage(ACTIVE), values);
    return pageOf(rows, query, resource, (row) => [row.started_at!, row.id]);
  },
});

/** One of the evening's list: a session with the time that its match is set for. */
const listedSession = named('ListedSession', sessionAnswer.extend({ scheduled_at: at }), {
  ...(components.get(sessionAnswer)!.example as z.output<typeof sessionAnswer>),
  scheduled_at: EXAMPLE.started_at,
});

export const readSessions = defineQuery({
  name: 'session.list',
  route: 'GET /api/session/list',
  summary: 'Sessions that you may see: of your institution first, by the time that their matches are set for',
  roles: ROLES,
  query: z.strictObject({ ...matchQuery, status: z.enum(SESSION_STATES).optional() }),
  target: () => null,
  answer: listOf('ListedSessionList', listedSession),
  async read({ db, actor, query: { status, ...query } }) {
    const { text, values } = matchPage(actor, await inOwnZone(db, actor, query), { status });
    const { rows } = await db.query<SessionRow & PlacedRow & { scheduled_at: string }>(
      withinPage(`
        with ${text}
        select item.*, page.rank, page.scheduled_at as listed_at, page.scheduled_at
        from page cross join lateral (${SESSIONS} where s.assignment_id = page.id) item
        order by page.rank, page.scheduled_at, page.id`),
      values,
    );
    const listed = ({ rank: _, listed_at: __, scheduled_at, ...row }: (typeof rows)[number]) => ({
      ...resource(row),
      scheduled_at,
    });
    return pageOf(rows, query, listed, (row) => cursorOf(row, row.assignment_id));
  },
});

function resource({ sequence, event_hash, participants_count, checked_at, turn, server_time, ...session }: SessionRow) {
  const head: Head = { sequence, event_hash, occurred_at: null };
  const beside = { participants_count, checked_at, turn: turn ?? undefined, server_time };
  return sessionResource(session, head, beside);
}
