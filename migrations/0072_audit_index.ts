/**
 * A worker follows what may be audited in the inbox. What happens in court is not in this index: of a turn or an objection
 * it costs nothing but the look at its name.
 */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

const MAY_BE_AUDITED = `(split_part(name, '.', 1) in ('board', 'calendar', 'contact', 'feed', 'guard', 'institution',
  'login', 'match', 'payload', 'policy', 'privacy', 'telemetry', 'threat', 'tokens')
  or name in ('assignment.cancel', 'assignment.substitute', 'gallery.ban', 'session.observe'))`;

export async function up(knex: Knex): Promise<void> {
  await buildIndex(knex, 'commands_audited', `on commands (position) where ${MAY_BE_AUDITED}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index commands_audited');
}
