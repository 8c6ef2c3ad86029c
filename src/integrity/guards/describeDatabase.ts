/**
 * The database described from its own catalogs: everything that decides what may be written, by whom, and what is seen.
 * Roles are called `<worker>`, `<owner>`, `<public>` and so on, so that the description is the same whatever the roles'
 * prefix, the owner and the database are named. Only pg_catalog is read, which every role may.
 */
import { DATABASE_ROLES, ownRolePrefix } from '../../core/sql/databaseRoles.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { OBJECTS } from './describeObjects.ts';
import { RIGHTS } from './describeRights.ts';
import { SURROUNDINGS } from './describeSurroundings.ts';

export type Attributes = { [attribute: string]: string | boolean | null };

/** One thing of the database. Its key is its kind and its name, as in `trigger events_stay of events`. */
export interface Described {
  kind: string;
  key: string;
  /** The key of what it belongs to; it is not judged where that is nothing of ours. */
  of: string | null;
  is: Attributes;
}

export interface Description {
  /** What the names of the installation's roles begin with, told by a connection that is the verifier's. */
  prefix: string;
  things: Described[];
}

/**
 * The names of roles. A stranger is called by its name as quoted, so that none can pass for one of ours; all superusers
 * are one, for whatever is granted to them adds nothing. The owner is the login that migrated.
 */
const CALLED = `
  installation as materialized (
    select $2::text as prefix,
      (select c.relowner from pg_catalog.pg_class c where c.oid = pg_catalog.to_regclass('public.knex_migrations')::oid)
        as owner,
      d.oid as database, d.datdba as database_owner
    from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
  ), ours as materialized (
    select r.oid, r.rolname::text as name, '<' || short || '>' as called
    from installation i, pg_catalog.unnest(array[${DATABASE_ROLES.map((role) => `'${role}'`).join()}]) as short,
      pg_catalog.pg_roles r
    where r.rolname::text = i.prefix || '_' || short
  ), called as materialized (
    select r.oid, o.oid is not null as is_ours, r.rolsuper as is_superuser, r.oid = i.owner as is_owner,
      coalesce(o.called, case when r.oid = i.owner then '<owner>' when r.rolsuper then '<superuser>'
        else pg_catalog.quote_ident(r.rolname::text) end) as name
    from installation i, pg_catalog.pg_roles r left join ours o on o.oid = r.oid
    where r.rolname::text <> 'pg_database_owner'
    union all
    select r.oid, false, d.rolsuper, d.oid = i.owner, case when d.oid = i.owner then '<owner>'
        when d.rolsuper then '<superuser>' else pg_catalog.quote_ident(d.rolname::text) end
    from installation i, pg_catalog.pg_roles r, pg_catalog.pg_roles d
    where r.rolname::text = 'pg_database_owner' and d.oid = i.database_owner
    union all select 0, false, false, false, '<public>'
  )`;

/** What may be of ours: it stands in `public`, and has one of the given names where names are given. */
const TABLES = `
  relations as materialized (
    select c.*, pg_catalog.quote_ident(c.relname::text) as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
  ), tables as materialized (
    select * from relations where relkind <> 'S' and ($1::text[] is null or relname::text = any($1))
  )`;

const DESCRIBE = `
  with ${CALLED}, ${TABLES}, things (kind, key, of, "is") as (
    ${[...OBJECTS, ...RIGHTS, ...SURROUNDINGS].join(' union all ')}
  )
  select pg_catalog.json_agg(pg_catalog.json_build_object('kind', kind, 'key', key, 'of', of, 'is', "is")
      order by key collate "C", "is"::text collate "C") as things
  from things`;

/** @param tables whose columns, constraints and so on are described; with null those of every table in `public` */
export async function describeDatabase(db: Queryable, tables: string[] | null): Promise<Description> {
  const prefix = await ownRolePrefix(db);
  const { rows } = await db.query<{ things: Described[] }>(DESCRIBE, [tables, prefix]);
  return { prefix, things: rows[0]!.things };
}
