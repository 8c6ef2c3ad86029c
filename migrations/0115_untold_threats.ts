/** What admins are still to be told of, by whose it is. */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await buildIndex(
    knex,
    'threat_predictions_untold',
    `on threat_predictions (coalesce(institution_id, '00000000-0000-0000-0000-000000000000'::uuid))
     where status = 'pending' and told_at is null and confidence >= 80`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index threat_predictions_untold');
}
