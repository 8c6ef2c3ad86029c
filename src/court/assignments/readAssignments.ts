/** Reading assignments with their rosters: one, and all that a person may see, in the order of their time. */

import { z } from 'zod';
import { ROLES } from '../../core/definitions/actor.ts';
import { pageOf, withinPage } from '../../core/definitions/page.ts';
import { defineQuery, NO_QUERY } from '../../core/definitions/query.ts';
import type { ShownAssignment } from './assignment.ts';
import { assignmentAnswer, assignmentList, assignmentResource } from './assignmentResource.ts';
import { cursorOf, inOwnZone, matchPage, matchQuery, type PlacedRow } from './matchList.ts';

type AssignmentRow = ShownAssignment & { session_id: string | null };

const people = (role: string, columns: string) => `
  coalesce((select json_agg(json_build_object('user_id', r.user_id, 'name', r.name${columns}) order by r.place)
    from rosters r where r.assignment_id = a.id and r.role = '${role}' and r.replaced_at is null), '[]')`;

const ASSIGNMENTS = `
  select a.id, a.institution_id, a.title, a.courtroom, a.scheduled_at, a.visibility, a.format, a.moderators_run, a.gallery, a.gallery_moderation, a.created_at,
    a.cancelled_at, a.cancel_reason, s.id as session_id, ${people('petitioner', '')} as petitioner, ${people('respondent', '')} as respondent,
    ${people('judge', `, 'presiding', r.presiding`)} as panel, ${people('moderator', '')} as moderators
  from assignments a left join courtroom_sessions s on s.assignment_id = a.id`;

export const readAssignment = defineQuery({
  name: 'assignment.get',
  route: 'GET /api/assignment/:assignment_id',
  summary: 'One assignment with its roster',
  roles: ROLES,
  query: NO_QUERY,
  target: ({ assignment_id }) => ({ kind: 'assignment', id: assignment_id }),
  answer: assignmentAnswer,
  async read({ db, params }) {
    const { rows } = await db.query<AssignmentRow>(`${ASSIGNMENTS} where a.id = $1`, [params.assignment_id]);
    return rows[0] && resource(rows[0]);
  },
});

export const readAssignments = defineQuery({
  name: 'assignment.list',
  route: 'GET /api/assignment/list',
  summary: 'Assignments that you may see: of your institution first, by time',
  roles: ROLES,
  query: z.strictObject(matchQuery),
  target: () => null,
  answer: assignmentList,
  async read({ db, actor, query }) {
    const { text, values } = matchPage(actor, await inOwnZone(db, actor, query));
    const { rows } = await db.query<AssignmentRow & PlacedRow>(
      withinPage(`
        with ${text}
        select item.*, page.rank, page.scheduled_at as listed_at
        from page cross join lateral (${ASSIGNMENTS} where a.id = page.id) item
        order by page.rank, page.scheduled_at, page.id`),
      values,
    );
    return pageOf(rows, query, listed, (row) => cursorOf(row, row.id));
  },
});

function listed({ rank: _, listed_at: __, ...row }: AssignmentRow & PlacedRow) {
  return resource(row);
}

function resource({ session_id, ...assignment }: AssignmentRow) {
  return assignmentResource(assignment, session_id);
}
