/** What admins are still to be told of is looked for every ten seconds, among all that sources said of matches in a week. */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await buildIndex(
    knex,
    'match_disputes_untold',
    'on match_disputes (found_at, match_id, other_id) where told_at is null',
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index match_disputes_untold');
}
