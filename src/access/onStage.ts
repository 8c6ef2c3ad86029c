/**
 * Sessions under way with a gallery beside them, whose roster names a person: of what is said and done there this person is
 * shown nothing, in no list and no figure.
 */

import type { Queryable } from '../core/sql/queryable.ts';

/** `id`, `started_at`. @param person an SQL expression */
export const onStage = (person: string) => `
  select s.id, s.started_at
  from rosters r
  join courtroom_sessions s on s.assignment_id = r.assignment_id
  join assignments a on a.id = r.assignment_id
  where r.user_id = ${person}::uuid and r.replaced_at is null and s.status = 'active'
    and coalesce(a.gallery, 'off') <> 'off'`;

const IS_ON_STAGE = `select exists (select from (${onStage('$1')}) stage where $2::uuid is null or id = $2) as is_on_stage`;

/** @param session_id null for any @param person_id of a user */
export async function isOnStage(db: Queryable, person_id: string, session_id: string | null = null): Promise<boolean> {
  const asked = { name: 'is-on-stage', text: IS_ON_STAGE, values: [person_id, session_id] };
  return (await db.query<{ is_on_stage: boolean }>(asked)).rows[0]!.is_on_stage;
}
