/** `GET /api/match/<id>/calendar.ics`: a match for a calendar of its reader's, who must be in its scope. */
import type { Response } from 'express';
import { isUuid } from '../../core/chain/ids.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { calendarOf, type Entry } from '../../feeds/matches/calendar.ts';
import type { ShownState } from '../../feeds/matches/match.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';

/** Of no match is it known when it ends. */
const DURATION_MS = 90 * 60_000;

export const readMatchCalendar: RouteDefinition = defineRoute({
  name: 'match.calendar',
  route: 'GET /api/match/:match_id/calendar.ics',
  summary: 'A match as an iCalendar (RFC 5545): when and where it is, and whether it was called off',
  roles: ROLES,
  boards: true,
  media_type: 'text/calendar',
  rejects: ['not_found'],
  serve: serveCalendar,
});

function serveCalendar(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readMatchCalendar))!;
    demandRole(actor, ROLES);
    const id = String(req.params.match_id).toLowerCase();
    const found = await context.reading.inScope(actor, null, (db) => findMatch(db, id));
    if (!found) throw new Problem('not_found');
    sendCalendar(res, calendarOf(found.state.title, entriesOf([found]), context.installation));
  };
}

export function sendCalendar(res: Response, text: string): void {
  res.set('Cache-Control', 'no-store').type('text/calendar; charset=utf-8').send(text);
}

/** A match as a calendar needs it. */
export interface CalendarRow {
  id: string;
  version: number;
  state: ShownState;
  updated_at: string;
}

const FIND = `
  select m.id, s.version, s.state, s.updated_at
  from matches m cross join lateral (select * from match_state where match_id = m.id limit 1) s where m.id = $1`;

async function findMatch(db: Queryable, id: string): Promise<CalendarRow | undefined> {
  return isUuid(id) ? (await db.query<CalendarRow>(FIND, [id])).rows[0] : undefined;
}

/** A match that has no time yet is no entry. */
export function entriesOf(rows: readonly CalendarRow[]): Entry[] {
  return rows.flatMap(({ id, version, state, updated_at: changed_at }) => {
    const { title, courtroom, scheduled_at: starts_at, phase } = state;
    if (starts_at === null) return [];
    return [{ id, title, courtroom, phase, version, changed_at, starts_at, duration_ms: DURATION_MS }];
  });
}
