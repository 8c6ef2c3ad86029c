/** The part of the description that tells of tables and what hangs on them, and of functions. */

/** An expression or definition as Postgres writes it, without the name of the schema that all of ours stand in. */
const plain = (text: string) => `pg_catalog.regexp_replace(${text}, '\\mpublic\\.', '', 'g')`;

const is = (attributes: Record<string, string>) => {
  const pairs = Object.entries(attributes).map(([name, value]) => `'${name}', ${value}`);
  return `pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(${pairs.join(', ')}))`;
};

const qualified = (kind: 'class' | 'proc', oid: string) => {
  const short = kind === 'class' ? 'rel' : 'pro';
  return `(select pg_catalog.quote_ident(n.nspname::text) || '.' || pg_catalog.quote_ident(x.${short}name::text)
    from pg_catalog.pg_${kind} x join pg_catalog.pg_namespace n on n.oid = x.${short}namespace where x.oid = ${oid})`;
};

/** Shipped with an extension and written in C: nobody makes such a thing with SQL alone. */
export const ofExtension = (catalog: string, oid: string, fn: string) => `exists (
  select from pg_catalog.pg_depend d
  join pg_catalog.pg_proc f on f.oid = ${fn} join pg_catalog.pg_language l on l.oid = f.prolang and l.lanname = 'c'
  where d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass::oid and d.objid = ${oid} and d.deptype = 'e')`;

const heirs = (column: string, other: string) => `(
  select pg_catalog.string_agg(${qualified('class', `h.${column}`)}, ', ')
  from pg_catalog.pg_inherits h where h.${other} = t.oid)`;

const TABLE = `
  select 'table', 'table ' || t.name, null::text, ${is({
    kind: 't.relkind::text',
    owner: 'o.name',
    persistence: 't.relpersistence::text',
    'access method': '(select m.amname::text from pg_catalog.pg_am m where m.oid = t.relam)',
    parents: heirs('inhparent', 'inhrelid'),
    children: heirs('inhrelid', 'inhparent'),
    'replica identity': 't.relreplident::text',
    // What a superuser writes into the catalogs themselves; told only where it is so.
    'triggers in force': `nullif(t.relhastriggers
      or not exists (select from pg_catalog.pg_trigger g where g.tgrelid = t.oid), true)`,
    'checks in force': `nullif(t.relchecks = (
      select pg_catalog.count(*) from pg_catalog.pg_constraint k where k.conrelid = t.oid and k.contype = 'c'), true)`,
  })}
  from relations t join called o on o.oid = t.relowner where t.relkind <> 'S'`;

const SEQUENCE = `
  select 'sequence', 'sequence ' || t.name, null, ${is({
    owner: 'o.name',
    persistence: 't.relpersistence::text',
    counts: `pg_catalog.format('from %s by %s, %s to %s, cache %s, cycle %s',
      s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)`,
  })}
  from relations t join pg_catalog.pg_sequence s on s.seqrelid = t.oid join called o on o.oid = t.relowner`;

const COLUMN = `
  select 'column', 'column ' || pg_catalog.quote_ident(a.attname::text) || ' of ' || t.name, 'table ' || t.name, ${is({
    type: plain('pg_catalog.format_type(a.atttypid, a.atttypmod)'),
    collation: '(select c.collname::text from pg_catalog.pg_collation c where c.oid = a.attcollation)',
    // From 18 on NOT NULL is a constraint, which need not have been checked.
    'not null': `a.attnotnull and not exists (select from pg_catalog.pg_constraint k where k.conrelid = t.oid
      and k.contype = 'n' and not k.convalidated and k.conkey = array[a.attnum])`,
    default: `(select ${plain('pg_catalog.pg_get_expr(d.adbin, d.adrelid)')} from pg_catalog.pg_attrdef d
      where d.adrelid = t.oid and d.adnum = a.attnum)`,
    identity: `nullif(a.attidentity::text, '')`,
    generated: `nullif(a.attgenerated::text, '')`,
  })}
  from tables t join pg_catalog.pg_attribute a on a.attrelid = t.oid
  where a.attnum > 0 and not a.attisdropped and t.relkind in ('r', 'p', 'f')`;

const CONSTRAINT = `
  select 'constraint', 'constraint ' || pg_catalog.quote_ident(k.conname::text) || ' of ' || t.name, 'table ' || t.name, ${is(
    {
      definition: plain('pg_catalog.pg_get_constraintdef(k.oid)'),
      validated: 'k.convalidated',
      // Foreign keys, and keys that are judged at the end of a transaction, work by triggers of Postgres itself.
      'in force': `not exists (select from pg_catalog.pg_trigger g
        where g.tgconstraint = k.oid and g.tgisinternal and g.tgenabled in ('D', 'R'))`,
      'index valid': `i.indisvalid and i.indisready and i.indislive and (i.indisunique or k.contype = 'x')`,
    },
  )}
  from tables t join pg_catalog.pg_constraint k on k.conrelid = t.oid
  left join pg_catalog.pg_index i on i.indexrelid = k.conindid and k.contype in ('p', 'u', 'x')
  where k.contype <> 'n'`;

const INDEX = `
  select 'index', 'index ' || pg_catalog.quote_ident(c.relname::text) || ' of ' || t.name, 'table ' || t.name, ${is({
    definition: plain('pg_catalog.pg_get_indexdef(i.indexrelid)'),
    valid: 'i.indisvalid and i.indisready and i.indislive',
    unique: 'i.indisunique',
    // REINDEX CONCURRENTLY makes one beside the other for a while.
    'as another': `exists (select from pg_catalog.pg_index j
      where j.indrelid = i.indrelid and j.indexrelid <> i.indexrelid and j.indisunique = i.indisunique
      and (j.indkey::text, j.indclass::text, j.indcollation::text) = (i.indkey::text, i.indclass::text, i.indcollation::text)
      and coalesce(j.indexprs::text, '') = coalesce(i.indexprs::text, '')
      and coalesce(j.indpred::text, '') = coalesce(i.indpred::text, ''))`,
    'runs code': `exists (select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid and d.objid = i.indexrelid
      and d.refclassid not in ('pg_catalog.pg_class'::pg_catalog.regclass::oid))`,
  })}
  from tables t join pg_catalog.pg_index i on i.indrelid = t.oid join pg_catalog.pg_class c on c.oid = i.indexrelid
  where not exists (select from pg_catalog.pg_constraint k
    where k.conindid = i.indexrelid and k.conrelid = t.oid and k.contype in ('p', 'u', 'x'))`;

const TRIGGER = `
  select 'trigger', 'trigger ' || pg_catalog.quote_ident(g.tgname::text) || ' of ' || t.name, 'table ' || t.name, ${is({
    definition: plain('pg_catalog.pg_get_triggerdef(g.oid)'),
    function: qualified('proc', 'g.tgfoid'),
    enabled: 'g.tgenabled::text',
  })}
  from tables t join pg_catalog.pg_trigger g on g.tgrelid = t.oid where not g.tgisinternal`;

const RULE = `
  select 'rule', 'rule ' || pg_catalog.quote_ident(r.rulename::text) || ' of ' || t.name, 'table ' || t.name, ${is({
    definition: plain('pg_catalog.pg_get_ruledef(r.oid)'),
    enabled: 'r.ev_enabled::text',
  })}
  from tables t join pg_catalog.pg_rewrite r on r.ev_class = t.oid where r.rulename <> '_RETURN'`;

const ROW_SECURITY = `
  select 'row security', 'row security of ' || t.name, 'table ' || t.name, ${is({
    enabled: 't.relrowsecurity',
    forced: 't.relforcerowsecurity',
  })}
  from tables t where t.relkind in ('r', 'p')`;

const POLICY = `
  select 'policy', 'policy ' || pg_catalog.quote_ident(p.polname::text) || ' of ' || t.name, 'table ' || t.name, ${is({
    permissive: 'p.polpermissive',
    command: 'p.polcmd::text',
    roles: `(select pg_catalog.string_agg(r.name, ', ' order by r.name collate "C")
      from called r where r.oid = any(p.polroles))`,
    using: plain('pg_catalog.pg_get_expr(p.polqual, p.polrelid)'),
    check: plain('pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)'),
  })}
  from tables t join pg_catalog.pg_policy p on p.polrelid = t.oid`;

/** Functions in our schema and beside Postgres's own, which have lower numbers, and those that belong to one of our roles. */
const FUNCTION = `
  select 'function', 'function ' || f.called, null, f."is" from (
    select ${is({
      kind: 'p.prokind::text',
      language: '(select l.lanname::text from pg_catalog.pg_language l where l.oid = p.prolang)',
      returns: plain('pg_catalog.pg_get_function_result(p.oid)'),
      arguments: plain('pg_catalog.pg_get_function_arguments(p.oid)'),
      body: `pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
        p.prosrc || coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), ''), 'UTF8')), 'hex')`,
      'security definer': 'p.prosecdef',
      volatility: 'p.provolatile::text',
      strict: 'p.proisstrict',
      leakproof: 'p.proleakproof',
      parallel: 'p.proparallel::text',
      settings: `pg_catalog.array_to_string(p.proconfig, '; ')`,
      support: 'p.prosupport::oid <> 0',
      owner: 'o.name',
    })} as "is",
      case when n.nspname = 'public' then '' else pg_catalog.quote_ident(n.nspname::text) || '.' end
        || pg_catalog.quote_ident(p.proname::text)
        || case when pg_catalog.count(*) over (partition by n.oid, p.proname) = 1 then ''
          else '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' end as called
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join called o on o.oid = p.proowner
    where p.oid >= 16384 and (n.nspname in ('public', 'pg_catalog') or (o.is_ours and n.nspname <> 'bullmq'))
      and not ${ofExtension('pg_proc', 'p.oid', 'p.oid')}
  ) f`;

export const OBJECTS = [
  ...[TABLE, SEQUENCE, COLUMN, CONSTRAINT, INDEX, TRIGGER, RULE],
  ...[ROW_SECURITY, POLICY, FUNCTION],
];
