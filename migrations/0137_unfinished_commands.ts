/**
 * What waits in a stream has an index that no question about all that waits can use, nor the other way round: where both had one
 * condition, a plan that was made when nothing waited took the index of all, and walked through a backlog once for each stream.
 */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';
import { rolesOf } from './roles.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  const { relay } = rolesOf(knex);
  await buildIndex(knex, 'commands_unfinished', 'on commands (stream, position) where finished_at is null');
  await knex.raw(`grant select (finished_at) on commands to ${relay}`);
  await knex.raw('drop index if exists commands_pending');
}

export async function down(knex: Knex): Promise<void> {
  const { relay } = rolesOf(knex);
  await buildIndex(knex, 'commands_pending', `on commands (stream, position) where status = 'accepted'`);
  await knex.raw(`revoke select (finished_at) on commands from ${relay}`);
  await knex.raw('drop index if exists commands_unfinished');
}
