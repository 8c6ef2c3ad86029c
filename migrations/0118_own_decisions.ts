/** People read what policies said of their requests, also those of an institution that is not theirs: of a guest on a panel. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const TABLES = ['policy_decisions', 'policy_outcomes'];

export async function up(knex: Knex): Promise<void> {
  const { api } = rolesOf(knex);
  const shown = (table: string) => `
    create policy api_own on ${table} for select to ${api} using (user_id::text = current_setting('plearoll.user_id', true));`;
  await knex.raw(TABLES.map(shown).join(''));
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(TABLES.map((table) => `drop policy api_own on ${table};`).join('\n'));
}
