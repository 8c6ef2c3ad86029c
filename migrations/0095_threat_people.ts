/** Who was seen in an institution, in the order in which threats are looked for. */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await buildIndex(knex, 'logins_by_person', 'on logins (institution_id, user_id)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index logins_by_person');
}
