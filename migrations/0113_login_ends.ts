/** Ends of login sessions that nothing else was noted of are swept by when they were ended. */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await buildIndex(knex, 'login_ends_over', 'on login_ends (ended_at) where ended_at is not null');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index login_ends_over');
}
