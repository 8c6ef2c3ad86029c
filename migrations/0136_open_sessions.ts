/** Doors find what was lifted by the sessions of an institution that go on, and not among all that was ever lifted. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`grant select (institution_id) on courtroom_sessions to ${rolesOf(knex).door}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`revoke select (institution_id) on courtroom_sessions from ${rolesOf(knex).door}`);
}
