/** Whether a person signed in to an institution: for the relay, which sees no login session, before an admin hears of a risk. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { door, relay } = rolesOf(knex);
  await knex.raw(`
    -- Null: to any.
    create function is_seen_person(person uuid, institution uuid) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      select exists (
        select from public.logins l where l.user_id = person and (institution is null or l.institution_id = institution))
    $$;
    grant create on schema public to ${door};
    alter function is_seen_person owner to ${door};
    revoke create on schema public from ${door};
    revoke execute on function is_seen_person from public;
    grant execute on function is_seen_person to ${relay};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop function is_seen_person');
}
