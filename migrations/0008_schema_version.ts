/** Every process may read which migrations were applied, so that it can refuse a schema that it was not written for. */
import type { Knex } from 'knex';

const READERS = 'plearoll_api, plearoll_door, plearoll_relay, plearoll_worker, plearoll_verifier';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`grant select on knex_migrations to ${READERS}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`revoke select on knex_migrations from ${READERS}`);
}
