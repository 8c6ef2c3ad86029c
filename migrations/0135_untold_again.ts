/**
 * Of threats that were not sure enough nobody was told, whatever their rows say: those of before it was noted at all say that
 * they were. They are told when they are sure.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  // Whom the tables belong to sees no rows of theirs; the worker does.
  await knex.raw(`
    set local role ${rolesOf(knex).worker};
    update threat_predictions set told_at = null where status = 'pending' and confidence < 80 and told_at is not null;
    reset role;
  `);
}

export async function down(): Promise<void> {
  // What is to be told is told by any version.
}
