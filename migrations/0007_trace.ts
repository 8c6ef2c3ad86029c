/** Which trace a command belongs to: the W3C `traceparent` of the request that sent it, kept until its events are published. */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table commands add column traceparent text');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table commands drop column traceparent');
}
