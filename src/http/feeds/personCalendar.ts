/**
 * `GET /api/person/<user_id>/calendar.ics`: a person's matches, for a calendar that reads them again and again. Calendars
 * send no header, so that the link has a ticket of its own, which opens nothing else; no token is taken from the address.
 */
import type { Request } from 'express';
import { z } from 'zod';
import { isUuid } from '../../core/chain/ids.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { findCalendarLink } from '../../feeds/boards/calendarLink.ts';
import { calendarOf } from '../../feeds/matches/calendar.ts';
import { KEPT_DAYS } from '../../feeds/matches/match.ts';
import { isSecretOf } from '../../infra/linkSecrets.ts';
import { tokenMissing } from '../door/authentication.ts';
import { type ApiContext, enter } from '../door/door.ts';
import { demandQuery } from '../door/query.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';
import { type CalendarRow, entriesOf, sendCalendar } from './calendar.ts';

const query = z.strictObject({ ticket: z.string().optional() });

export const readPersonCalendar: RouteDefinition = defineRoute({
  name: 'calendar.read',
  route: 'GET /api/person/:user_id/calendar.ics',
  summary: "A person's matches as an iCalendar, by the ticket of its link (`POST /api/person/<user_id>/calendar`)",
  roles: 'anyone',
  query,
  media_type: 'text/calendar',
  rejects: ['not_found'],
  serve: servePersonCalendar,
});

const MOST_ENTRIES = 500;

/** Row security leaves those that the person may see: all in which the person has a seat. */
const ENTRIES = {
  name: 'read-calendar-of-person',
  text: `
    select m.id, s.version, s.state, s.updated_at
    from rosters r join matches m on m.id = r.assignment_id
    cross join lateral (select * from match_state where match_id = m.id limit 1) s
    where r.user_id = $1 and r.replaced_at is null and m.scheduled_at > clock_timestamp() - interval '${KEPT_DAYS} days'
    order by m.scheduled_at, m.id limit ${MOST_ENTRIES}`,
};

function servePersonCalendar(context: ApiContext): Serve {
  return async (req, res) => {
    const sender = await enter(context, req, res, readPersonCalendar);
    const user_id = String(req.params.user_id).toLowerCase();
    // Before the query is judged: nothing is said to a calendar whose ticket is not good.
    const reader = sender ?? (await demandTicket(context, req, user_id));
    demandQuery(query, req);
    if (reader.id !== user_id) throw new Problem('not_found');
    const read = async (db: Queryable) => (await db.query<CalendarRow>({ ...ENTRIES, values: [user_id] })).rows;
    const rows = await context.reading.inScope(reader, null, read);
    sendCalendar(res, calendarOf('Matches', entriesOf(rows), context.installation));
  };
}

/** The person, who may see by it no more than the own seats. @throws {Problem} 401 */
async function demandTicket({ door, tokens }: ApiContext, req: Request, user_id: string): Promise<Actor> {
  const { ticket } = req.query;
  const link = typeof ticket === 'string' && isUuid(user_id) ? await findCalendarLink(door, user_id) : undefined;
  if (!link || !isSecretOf(String(ticket), link.secret_hash)) throw tokenMissing();
  const { institution_id, created_at } = link;
  const issued_at = Math.floor(Date.parse(created_at) / 1_000);
  // What ends all tokens of a person ends this, too.
  if (await tokens.isEnded({ names: [['sub', user_id]], institution_id, role: 'participant', issued_at })) {
    throw tokenMissing();
  }
  return { id: user_id, role: 'participant', institution_id: null };
}
