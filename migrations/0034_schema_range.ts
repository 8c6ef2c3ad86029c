/**
 * Which older processes may run beside a migration: those that know the migration which it names in `accepts`. Null is
 * none, as for all migrations before. The table is knex's own, and keeps the column when this is taken back.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table knex_migrations add column if not exists accepts text');
}

export async function down(): Promise<void> {}
