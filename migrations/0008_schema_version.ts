/** Every process may read which migrations were applied, so that it can refuse a schema that it was not written for. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

function readers(knex: Knex): string {
  const { api, door, relay, worker, verifier } = rolesOf(knex);
  return [api, door, relay, worker, verifier].join(', ');
}

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`grant select on knex_migrations to ${readers(knex)}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`revoke select on knex_migrations from ${readers(knex)}`);
}
