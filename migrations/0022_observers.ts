/** Attendance says how many looked on and for how long: the API reads the observations of sessions in scope. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    grant select on session_observations to ${roles.api};
    create policy api_in_scope on session_observations for select to ${roles.api}
      using ((select true from courtroom_sessions s where s.id = session_id));
  `);
}

export async function down(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    drop policy api_in_scope on session_observations;
    revoke select on session_observations from ${roles.api};
  `);
}
