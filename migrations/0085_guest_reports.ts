/** Where guests were reported within the last days: by time, as guests are another in each session, and each post of one asks. */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await buildIndex(
    knex,
    'gallery_reports_of_guests',
    `on gallery_reports (reported_at, session_id) where author like 'guest:%'`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index gallery_reports_of_guests');
}
