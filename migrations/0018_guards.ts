/** The verifier may read what commands came to, to compare it with the events. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`grant select (id, outcome) on commands to ${rolesOf(knex).verifier}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`revoke select (id, outcome) on commands from ${rolesOf(knex).verifier}`);
}
