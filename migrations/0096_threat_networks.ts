/** Whose networks they are: a network that several people are in says nothing of one of them. */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await buildIndex(knex, 'login_places_by_mark', `on login_places (mark) where kind = 'network'`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index login_places_by_mark');
}
