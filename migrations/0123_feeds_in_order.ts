/**
 * A super_admin's list of feeds goes by their order. The role is a question of its own here: within the function the planner
 * took it for true of one row in two hundred, and sorted all feeds to find the first fifty.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const ONLY_OF_INSTITUTION = 'is_of_institution(institution_id)';
const BY_ROLE_OR_INSTITUTION = `(select current_setting('plearoll.role', true) = 'super_admin')
  or institution_id = nullif(current_setting('plearoll.institution_id', true), '')::uuid`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`alter policy api_in_scope on feeds to ${rolesOf(knex).api} using (${BY_ROLE_OR_INSTITUTION})`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`alter policy api_in_scope on feeds to ${rolesOf(knex).api} using (${ONLY_OF_INSTITUTION})`);
}
