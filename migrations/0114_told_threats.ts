/** Of which threats admins were told: once for each, whatever becomes of the notice. Of those of before they were. */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table threat_predictions add column told_at timestamptz(3) default now();
    alter table threat_predictions alter column told_at drop default;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table threat_predictions drop column told_at');
}
