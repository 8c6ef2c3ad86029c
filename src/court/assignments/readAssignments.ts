/** Reading assignments with their rosters: one, and all that a person may see, newest last. */

import { z } from 'zod';
import { ROLES } from '../../core/definitions/actor.ts';
import { pageOf, pageQuery, withinPage } from '../../core/definitions/page.ts';
import { defineQuery, NO_QUERY } from '../../core/definitions/query.ts';
import { id } from '../../core/definitions/schemas.ts';
import type { ShownAssignment } from './assignment.ts';
import { assignmentAnswer, assignmentList, assignmentResource } from './assignmentResource.ts';

type AssignmentRow = ShownAssignment & { session_id: string | null };

const people = (role: string, columns: string) => `
  coalesce((select json_agg(json_build_object('user_id', r.user_id, 'name', r.name${columns}) order by r.place)
    from rosters r where r.assignment_id = a.id and r.role = '${role}' and r.replaced_at is null), '[]')`;

const ASSIGNMENTS = `
  select a.id, a.institution_id, a.title, a.courtroom, a.scheduled_at, a.visibility, a.format, a.moderators_run, a.created_at,
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

const arm = (id: string, from: string) =>
  `(select ${id} as id from ${from} and ($4::uuid is null or ${id} > $4) order by ${id} limit $5)`;

/** Each reason to see an assignment by its own index: others' assignments are not walked through to find the own. */
const PAGE = `
  with visible as (
    ${arm('id', `assignments where $3 = 'super_admin'`)}
    union ${arm('id', `assignments where visibility = 'public'`)}
    union ${arm('id', `assignments where institution_id = $2::uuid and (visibility = 'institution' or $3 = 'admin')`)}
    union ${arm('assignment_id', 'rosters where user_id = $1::uuid and replaced_at is null')}
  )
  ${ASSIGNMENTS} where a.id in (select id from visible) order by a.id limit $5`;

export const readAssignments = defineQuery({
  name: 'assignment.list',
  route: 'GET /api/assignment/list',
  summary: 'Assignments that you may see',
  roles: ROLES,
  query: z.strictObject(pageQuery([id])),
  target: () => null,
  answer: assignmentList,
  async read({ db, actor, query }) {
    const [after = null] = query.cursor ?? [];
    const values = [actor.id, actor.institution_id, actor.role, after, query.limit + 1];
    const { rows } = await db.query<AssignmentRow>(withinPage(PAGE), values);
    return pageOf(rows, query, resource, (row) => [row.id]);
  },
});

function resource({ session_id, ...assignment }: AssignmentRow) {
  return assignmentResource(assignment, session_id);
}
