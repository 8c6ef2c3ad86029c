/** When the database was last restored from a backup: files that are older may be named by a newer backup alone. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { worker } = rolesOf(knex);
  await knex.raw(`
    alter table installation add column restored_at timestamptz(3);
    grant select (restored_at) on installation to ${worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table installation drop column restored_at');
}
