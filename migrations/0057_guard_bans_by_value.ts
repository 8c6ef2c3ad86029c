/** Bans by whom they are about, and by when they ended, without walking through all of an institution. */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await buildIndex(knex, 'guard_bans_of_value', 'on guard_bans (value) where lifted_at is null');
  await buildIndex(knex, 'guard_bans_to_erase', 'on guard_bans (least(lifted_at, until), id) where events is not null');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index concurrently guard_bans_to_erase');
  await knex.raw('drop index concurrently guard_bans_of_value');
}
