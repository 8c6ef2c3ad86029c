/**
 * Indexes on tables that are in use: messages of a visitor, whose key is the same in all sessions of an institution, and boards
 * that are open, of which an institution has so many at most.
 */
import type { Knex } from 'knex';
import { buildIndex } from './patience.ts';

export const config = { transaction: false };

const INDEXES = {
  gallery_messages_of_key: 'on gallery_messages (author_key) where author_key is not null',
  boards_open: 'on boards (institution_id, expires_at) where revoked_at is null',
};

export async function up(knex: Knex): Promise<void> {
  for (const [name, definition] of Object.entries(INDEXES)) await buildIndex(knex, name, definition);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`drop index ${Object.keys(INDEXES).join(', ')}`);
}
