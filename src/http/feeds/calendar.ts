/** `GET /api/match/<id>/calendar.ics`: a match for a calendar of its reader's, who must be in its scope. */
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
  media_type: 'text/calendar',
  rejects: ['not_found'],
  serve: serveCalendar,
});

function serveCalendar(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readMatchCalendar))!;
    demandRole(actor, ROLES);
    const id = String(req.params.match_id).toLowerCase();
    const found = await context.reading.inScope(actor, null, (db) => findEntries(db, id));
    if (!found) throw new Problem('not_found');
    const text = calendarOf(found.title, found.entries, context.installation);
    res.set('Cache-Control', 'no-store').type('text/calendar; charset=utf-8').send(text);
  };
}

interface Row {
  id: string;
  version: number;
  state: ShownState;
  updated_at: string;
}

const FIND = `
  select m.id, s.version, s.state, s.updated_at
  from matches m cross join lateral (select * from match_state where match_id = m.id limit 1) s where m.id = $1`;

/** None where it has no time yet. */
async function findEntries(db: Queryable, id: string): Promise<{ title: string; entries: Entry[] } | undefined> {
  const { rows } = isUuid(id) ? await db.query<Row>(FIND, [id]) : { rows: [] };
  const [row] = rows;
  if (!row) return undefined;
  const { title, courtroom, scheduled_at: starts_at, phase } = row.state;
  const shared = { id, title, courtroom, phase, version: row.version, changed_at: row.updated_at };
  return { title, entries: starts_at === null ? [] : [{ ...shared, starts_at, duration_ms: DURATION_MS }] };
}
