/**
 * The leader looks every ten seconds for the rounds of feeds that are near: by time, so that what years and feeds that nobody
 * switched off have left is not walked through.
 */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await buildIndex(knex, 'matches_of_feeds_by_time', 'on matches (listed_at, feed_id) where feed_id is not null');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index matches_of_feeds_by_time');
}
