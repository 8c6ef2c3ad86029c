/** Of which devices of login sessions their people were told, or need not be: each is looked at once. Those of before are. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { worker } = rolesOf(knex);
  await knex.raw(`
    alter table login_places add column is_told boolean not null default true;
    alter table login_places alter column is_told set default false;
    grant update (is_told) on login_places to ${worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  const { worker } = rolesOf(knex);
  await knex.raw(`
    revoke update (is_told) on login_places from ${worker};
    drop index if exists login_places_of_device, login_places_to_tell;
    alter table login_places drop column is_told;
  `);
}
