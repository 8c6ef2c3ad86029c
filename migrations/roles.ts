/** The names that the database's roles have in a migration: by the prefix of the installation that is being migrated. */
import type { Knex } from 'knex';
import { DATABASE_ROLES, type DatabaseRole, DEFAULT_ROLE_PREFIX, roleName } from '../src/core/sql/databaseRoles.ts';

export type RoleNames = Readonly<Record<DatabaseRole, string>>;

/** What `migrate` gave knex with its settings; a transaction has them too. */
export function rolesOf(knex: Knex): RoleNames {
  return roleNames(knex.client.config.role_prefix ?? DEFAULT_ROLE_PREFIX);
}

export function roleNames(prefix: string): RoleNames {
  return Object.fromEntries(DATABASE_ROLES.map((role) => [role, roleName(prefix, role)])) as RoleNames;
}
