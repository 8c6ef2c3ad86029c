/** The part of the description that tells who may do what: roles, memberships, settings of roles, and grants. */

const ROLE = `
  select 'role', 'role ' || o.called, null::text, pg_catalog.jsonb_build_object(
    'superuser', r.rolsuper, 'bypassing row security', r.rolbypassrls, 'creating roles', r.rolcreaterole,
    'creating databases', r.rolcreatedb, 'login', r.rolcanlogin, 'inheriting', r.rolinherit, 'replication', r.rolreplication)
  from ours o join pg_catalog.pg_roles r on r.oid = o.oid`;

/**
 * Members of our roles, and the roles that ours are members of. The owner is a member, to act for them, and so is the
 * login that asks; a superuser need not be. Since 16 a membership may be good for nothing but to make others members.
 */
const MEMBERSHIP = `
  select 'membership', 'membership of ' || m.name || ' in ' || r.name, null, pg_catalog.jsonb_build_object(
    'in', r.name, 'of ours', m.is_ours,
    'to pass on', pg_catalog.bool_and(pg_catalog.to_jsonb(a) ->> 'inherit_option' = 'false'
      and pg_catalog.to_jsonb(a) ->> 'set_option' = 'false') is true,
    'login', pg_catalog.bool_or(l.rolcanlogin and (l.rolname::text = i.prefix || '_login'
      or pg_catalog.starts_with(l.rolname::text, i.prefix || '_login_'))))
  from installation i, pg_catalog.pg_auth_members a join pg_catalog.pg_roles l on l.oid = a.member
  join called m on m.oid = a.member join called r on r.oid = a.roleid
  where m.is_ours or (r.is_ours and not m.is_owner and not m.is_superuser and l.rolname <> session_user)
  group by m.name, r.name, m.is_ours`;

/** What a connection begins with, where that was set for one of our roles, the owner, the login or the database. */
const SETTING = `
  select 'setting', 'setting ' || pg_catalog.split_part(setting, '=', 1) || ' of '
      || case when s.setrole = 0 then 'the database' else r.name end, null,
    pg_catalog.jsonb_build_object('name', pg_catalog.split_part(setting, '=', 1),
      'value', pg_catalog.string_agg(pg_catalog.substr(setting, pg_catalog.strpos(setting, '=') + 1), ' | '))
  from installation i, pg_catalog.pg_db_role_setting s join called r on r.oid = s.setrole,
    pg_catalog.unnest(s.setconfig) as setting
  where s.setdatabase in (0, i.database) and (s.setrole = 0 or r.is_ours or r.is_owner
    or s.setrole = (select u.oid from pg_catalog.pg_roles u where u.rolname = session_user))
  group by s.setrole, r.name, pg_catalog.split_part(setting, '=', 1)
  union all
  select 'setting', 'setting session_replication_role in force', null, pg_catalog.jsonb_build_object(
    'name', 'session_replication_role', 'value', pg_catalog.current_setting('session_replication_role'))
  where pg_catalog.current_setting('session_replication_role') <> 'origin'`;

/** One for each privilege. What an owner may on its own, and what a superuser is granted, is no grant. */
const grants = (from: string, what: string, of: string, acl: string, owner: string) => `
  select 'grant', 'grant of ' || pg_catalog.lower(a.privilege_type collate pg_catalog."C") || x.what || ' to ' || g.name, x.of,
    pg_catalog.jsonb_build_object('privilege', pg_catalog.lower(a.privilege_type collate pg_catalog."C"), 'to', g.name, 'to ours', g.is_ours,
      'on', x.of, 'grantable', pg_catalog.bool_or(a.is_grantable))
  from ${from} cross join lateral (select ${what}, ${of}) x (what, of)
  cross join lateral pg_catalog.aclexplode(${acl}) a join called g on g.oid = a.grantee
  where a.grantee <> ${owner} and not g.is_owner and (g.is_ours or not g.is_superuser)
  group by a.privilege_type, g.name, g.is_ours, x.what, x.of`;

const GRANTS = [
  grants(
    'tables t',
    `' on ' || t.name`,
    `'table ' || t.name`,
    `coalesce(t.relacl, pg_catalog.acldefault('r', t.relowner))`,
    't.relowner',
  ),
  grants(
    'tables t join pg_catalog.pg_attribute c on c.attrelid = t.oid and c.attacl is not null',
    `' (' || pg_catalog.quote_ident(c.attname::text) || ') on ' || t.name`,
    `'table ' || t.name`,
    'c.attacl',
    't.relowner',
  ),
  grants(
    `relations t`,
    `' on sequence ' || t.name`,
    `'sequence ' || t.name`,
    `case when t.relkind = 'S' then coalesce(t.relacl, pg_catalog.acldefault('s', t.relowner)) end`,
    't.relowner',
  ),
  grants(
    `pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace and n.nspname = 'public'`,
    `' on function ' || pg_catalog.quote_ident(p.proname::text)`,
    `'function ' || pg_catalog.quote_ident(p.proname::text)`,
    `coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))`,
    'p.proowner',
  ),
  grants(
    `pg_catalog.pg_namespace n`,
    `' on schema ' || pg_catalog.quote_ident(n.nspname::text)`,
    `'schema ' || pg_catalog.quote_ident(n.nspname::text)`,
    `case when n.nspname in ('public', 'bullmq') then coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) end`,
    'n.nspowner',
  ),
  grants(
    'installation i join pg_catalog.pg_database d on d.oid = i.database',
    `' on the database'`,
    `'database'`,
    `coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))`,
    'd.datdba',
  ),
];

/** What the owner, or one of our roles, grants on all that it makes from now on. */
const DEFAULT_GRANTS = `
  select 'default grant', 'default grant of ' || pg_catalog.lower(a.privilege_type collate pg_catalog."C") || ' to ' || g.name || ' by ' || o.name
      || ' on objects of kind ' || d.defaclobjtype::text || coalesce(' in ' || n.nspname::text, ''), null,
    pg_catalog.jsonb_build_object('privilege', pg_catalog.lower(a.privilege_type collate pg_catalog."C"), 'to', g.name, 'to ours', g.is_ours,
      'on', d.defaclobjtype::text, 'grantable', a.is_grantable)
  from pg_catalog.pg_default_acl d join called o on o.oid = d.defaclrole
  left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
  cross join lateral pg_catalog.aclexplode(d.defaclacl) a join called g on g.oid = a.grantee
  where (o.is_owner or o.is_ours) and a.grantee <> d.defaclrole and (g.is_ours or not g.is_superuser)
    and coalesce(n.nspname::text, 'public') = 'public'
    and not (a.grantee = 0 and n.oid is null and d.defaclobjtype in ('f', 'T'))`;

export const RIGHTS = [ROLE, MEMBERSHIP, SETTING, ...GRANTS, DEFAULT_GRANTS];
