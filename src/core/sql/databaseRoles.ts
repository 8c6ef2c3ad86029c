/**
 * The roles that processes play in the database. They belong to the whole cluster, so their names begin with a prefix
 * of the installation (`DB_ROLE_PREFIX`): two installations on one cluster have roles of their own.
 */
import type { Queryable } from './queryable.ts';

export const DATABASE_ROLES = ['api', 'door', 'worker', 'relay', 'verifier', 'queue', 'feeds'] as const;
export type DatabaseRole = (typeof DATABASE_ROLES)[number];

export const DEFAULT_ROLE_PREFIX = 'plearoll';

export function roleName(prefix: string, role: DatabaseRole): string {
  return `${prefix}_${role}`;
}

/** The prefixes for which a database was migrated, told by the right to append; none where there is no schema yet. */
export async function readRolePrefixes(db: Pick<Queryable, 'query'>): Promise<string[]> {
  const { rows } = await db.query<{ prefix: string }>(`
    select left(r.rolname, -length('_worker')) as prefix
    from pg_class c cross join lateral aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee
    where c.oid = to_regclass('public.events') and a.privilege_type = 'INSERT' and r.rolname like '%\\_worker'
    order by 1`);
  return rows.map(({ prefix }) => prefix);
}

/** The prefix of a connection as the verifier; of any other connection, the default. */
export async function ownRolePrefix(db: Pick<Queryable, 'query'>): Promise<string> {
  const { rows } = await db.query<{ name: string }>('select current_user::text as name');
  return /^(.+)_verifier$/.exec(rows[0]!.name)?.[1] ?? DEFAULT_ROLE_PREFIX;
}
