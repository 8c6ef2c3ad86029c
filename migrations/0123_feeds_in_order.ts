/**
 * A super_admin's list of feeds goes by their order. The role is a question of its own, before the function: of that
 * alone the planner believes that one row in two hundred passes, and sorts all feeds to find the first fifty.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const OF_INSTITUTION = 'is_of_institution(institution_id)';
const BY_ROLE_FIRST = `(select current_setting('plearoll.role', true) = 'super_admin') or ${OF_INSTITUTION}`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`alter policy api_in_scope on feeds to ${rolesOf(knex).api} using (${BY_ROLE_FIRST})`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`alter policy api_in_scope on feeds to ${rolesOf(knex).api} using (${OF_INSTITUTION})`);
}
