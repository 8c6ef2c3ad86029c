/** The part of the description that tells of what stands around our tables: schemas, views, replication, extensions. */
import { ofExtension } from './describeObjects.ts';

/** A schema named like a role comes before `public` for connections of that role. */
const SCHEMA = `
  select 'schema', 'schema ' || pg_catalog.quote_ident(n.nspname::text), null::text, pg_catalog.jsonb_build_object(
    'owner', o.name, 'owner is ours', o.is_ours,
    'before public', exists (select from pg_catalog.pg_roles r join called c on c.oid = r.oid
      where r.rolname = n.nspname and (c.is_ours or c.is_owner or r.rolname = session_user)))
  from pg_catalog.pg_namespace n join called o on o.oid = n.nspowner
  where n.nspname <> 'information_schema' and not pg_catalog.starts_with(n.nspname::text, 'pg_')`;

const DATABASE = `
  select 'database', 'database', null, pg_catalog.jsonb_build_object('owner', o.name, 'owner is ours', o.is_ours)
  from installation i join called o on o.oid = i.database_owner`;

/** A view shows, and may write, with the rights of its own owner. */
const VIEW = `
  select 'view', 'view ' || pg_catalog.quote_ident(n.nspname::text) || '.' || pg_catalog.quote_ident(v.relname::text), null,
    pg_catalog.jsonb_build_object('writable', exists (
      select from pg_catalog.aclexplode(v.relacl) a
      where a.grantee <> v.relowner and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE')))
  from pg_catalog.pg_class v join pg_catalog.pg_namespace n on n.oid = v.relnamespace
  where v.relkind in ('v', 'm') and v.oid in (
    select r.ev_class
    from relations t
    join pg_catalog.pg_depend d on d.refobjid = t.oid and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid
      and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass::oid
    join pg_catalog.pg_rewrite r on r.oid = d.objid and r.ev_class <> t.oid
    where t.relkind in ('r', 'p'))`;

const EVENT_TRIGGER = `
  select 'event trigger', 'event trigger ' || pg_catalog.quote_ident(e.evtname::text), null,
    pg_catalog.jsonb_build_object('on', e.evtevent::text, 'enabled', e.evtenabled::text,
      'of an extension', ${ofExtension('pg_event_trigger', 'e.oid', 'e.evtfoid')})
  from pg_catalog.pg_event_trigger e`;

/** A subscription writes what comes from elsewhere, past triggers that do not fire always. */
const SUBSCRIPTION = `
  select 'subscription', 'subscription ' || pg_catalog.quote_ident(s.subname::text), null,
    pg_catalog.jsonb_build_object('enabled', s.subenabled)
  from installation i join pg_catalog.pg_subscription s on s.subdbid = i.database`;

const simple = (kind: string, name: string, from: string) => `
  select '${kind}', '${kind} ' || pg_catalog.quote_ident(${name}::text), null, '{}'::jsonb from ${from}`;

/** Operators and casts that stand before Postgres's own where they fit better. */
const OPERATOR = simple(
  'operator',
  'p.oprname',
  `pg_catalog.pg_operator p join pg_catalog.pg_namespace n on n.oid = p.oprnamespace
   where p.oid >= 16384 and n.nspname in ('public', 'pg_catalog')
     and not ${ofExtension('pg_operator', 'p.oid', 'p.oprcode::oid')}`,
);
const CAST = simple(
  'cast',
  `(pg_catalog.format_type(k.castsource, null) || ' as ' || pg_catalog.format_type(k.casttarget, null))`,
  `pg_catalog.pg_cast k where k.oid >= 16384 and not ${ofExtension('pg_cast', 'k.oid', 'k.castfunc')}`,
);

const TYPE = simple(
  'type',
  't.typname',
  `pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace and n.nspname = 'public'
   where t.oid >= 16384 and (t.typtype in ('d', 'e', 'r', 'b') and t.typelem = 0
     or t.typtype = 'c' and exists (select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))`,
);

export const SURROUNDINGS = [
  ...[SCHEMA, DATABASE, VIEW, EVENT_TRIGGER, SUBSCRIPTION, OPERATOR, CAST, TYPE],
  simple('extension', 'x.extname', `pg_catalog.pg_extension x where x.extname <> 'plpgsql'`),
  simple('publication', 'p.pubname', 'pg_catalog.pg_publication p'),
  simple('statistics', 's.stxname', 'tables t join pg_catalog.pg_statistic_ext s on s.stxrelid = t.oid'),
];
