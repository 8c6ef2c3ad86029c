/** When admins were told that two sources of a match say different things; null before. */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table match_disputes add column told_at timestamptz(3)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table match_disputes drop column told_at');
}
