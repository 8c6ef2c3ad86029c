/** Reading assignments with their rosters: one, and all that a person may see, newest last. */
import type { JsonObject } from '../core/event.ts';
import { type Page, pageOf } from '../core/page.ts';
import type { Queryable } from '../core/queryable.ts';
import type { Actor } from '../core/roles.ts';
import { type AssignmentState, assignmentResource } from './assignment.ts';
import { VISIBLE_ASSIGNMENTS } from './scope.ts';

type AssignmentRow = AssignmentState & { session_id: string | null };

const people = (role: string, columns: string) => `
  coalesce((select json_agg(json_build_object('user_id', r.user_id, 'name', r.name${columns}) order by r.place)
    from rosters r where r.assignment_id = a.id and r.role = '${role}'), '[]')`;

const ASSIGNMENTS = `
  select a.id, a.institution_id, a.title, a.courtroom, a.scheduled_at, a.visibility, a.format, a.created_at,
    s.id as session_id, ${people('petitioner', '')} as petitioner, ${people('respondent', '')} as respondent,
    ${people('judge', `, 'presiding', r.presiding`)} as panel, ${people('moderator', '')} as moderators
  from assignments a left join courtroom_sessions s on s.assignment_id = a.id`;

/** @returns undefined where there is none of that id */
export async function findAssignment(db: Queryable, id: string): Promise<JsonObject | undefined> {
  const { rows } = await db.query<AssignmentRow>(`${ASSIGNMENTS} where a.id = $1`, [id]);
  return rows[0] && resource(rows[0]);
}

export async function readAssignments(db: Queryable, actor: Actor, page: Page): Promise<JsonObject> {
  const text = `${ASSIGNMENTS} where ${VISIBLE_ASSIGNMENTS} and ($4::uuid is null or a.id > $4) order by a.id limit $5`;
  const [after = null] = page.after;
  const values = [actor.id, actor.institution_id, actor.role, after, page.limit + 1];
  const { rows } = await db.query<AssignmentRow>(text, values);
  return pageOf(rows, page, resource, (row) => [row.id]);
}

function resource({ session_id, ...assignment }: AssignmentRow): JsonObject {
  return assignmentResource(assignment, session_id);
}
