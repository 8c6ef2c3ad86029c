/**
 * Indexes on tables that are written to with every request: of which devices people are still to be told, where else one was
 * seen, and what there is of one person.
 */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

const INDEXES = {
  login_places_to_tell: `on login_places (first_seen) where kind = 'device' and not is_told`,
  login_places_of_device: `on login_places (mark, first_seen) where kind = 'device'`,
  follows_of_person: 'on follows (user_id, followed_at)',
  notice_reads_of_person: 'on notice_reads (user_id, read_at)',
  policy_decisions_of_person: 'on policy_decisions (user_id, slot)',
  step_ups_of_person: 'on step_ups (user_id, asked_at)',
  policy_outcomes_of_person: 'on policy_outcomes (user_id, slot)',
};

export async function up(knex: Knex): Promise<void> {
  for (const [name, definition] of Object.entries(INDEXES)) await buildIndex(knex, name, definition);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`drop index ${Object.keys(INDEXES).join(', ')}`);
}
