/** From where a step-up was confirmed: the login session of which it was asked counts as stepped up there alone. */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- By hashes that name neither; null where it is not confirmed.
    alter table step_ups add column confirmed_device text, add column confirmed_network text;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table step_ups drop column confirmed_device, drop column confirmed_network');
}
