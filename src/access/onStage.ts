/**
 * Sessions under way with a gallery beside them, whose roster names a person: of what is said and done there this person is
 * shown nothing, in no list and no figure.
 */

/** `id`, `started_at`. @param person an SQL expression */
export const onStage = (person: string) => `
  select s.id, s.started_at
  from rosters r
  join courtroom_sessions s on s.assignment_id = r.assignment_id
  join assignments a on a.id = r.assignment_id
  where r.user_id = ${person}::uuid and r.replaced_at is null and s.status = 'active'
    and coalesce(a.gallery, 'off') <> 'off'`;
