/**
 * What grows without anybody looking at it again: observations that never had a socket, which anybody may ask for and which
 * count in nothing, are pruned.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { worker } = rolesOf(knex);
  await knex.raw(`
    create index session_observations_never on session_observations (observed_at) where left_at = observed_at;
    grant delete on session_observations to ${worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  const { worker } = rolesOf(knex);
  await knex.raw(`
    revoke delete on session_observations from ${worker};
    drop index session_observations_never;
  `);
}
