/**
 * What is near of each feed is read by its feed and its time, as far as is looked at of an institution: by time alone all that
 * anybody has heaped up there was read.
 */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

const BY_TIME = 'on matches (listed_at, feed_id) where feed_id is not null';

export async function up(knex: Knex): Promise<void> {
  await buildIndex(knex, 'matches_of_feed_by_time', 'on matches (feed_id, listed_at) where feed_id is not null');
  await knex.raw('drop index if exists matches_of_feeds_by_time');
}

export async function down(knex: Knex): Promise<void> {
  await buildIndex(knex, 'matches_of_feeds_by_time', BY_TIME);
  await knex.raw('drop index if exists matches_of_feed_by_time');
}
