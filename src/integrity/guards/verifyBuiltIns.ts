/**
 * Postgres's own functions that hash, compare and gather the record. Where a superuser replaced one by SQL it is put into statements
 * in the place of what it was, and may know which events to be silent of: the fixtures that were broken for the sweep never meet it.
 */
import type { Queryable } from '../../core/sql/queryable.ts';

const BUILT_IN = [
  ...'sha256 convert_to textsend encode decode octet_length int8send byteacat byteaeq byteane'.split(' '),
  ...'textcat format left reverse starts_with substr to_char to_json timezone'.split(' '),
  ...'texteq textne text_lt text_gt text_le text_ge int4eq int48eq int84eq int8eq array_eq'.split(' '),
  ...'textregexeq timestamptz_ge timestamptz_pl_interval timestamp_pl_interval int8pl int84pl'.split(' '),
  ...'count bool_and booland_statefunc max sum string_agg array_agg json_agg json_build_object generate_series lag'.split(
    ' ',
  ),
];

/** Those that initdb made, by their numbers. */
const REPLACED = `
  select p.oid::pg_catalog.regprocedure::text as called
  from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
  where p.oid < 16384 and p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace and l.lanname <> 'internal'
    and p.proname = any($1) order by 1`;

export async function verifyBuiltIns(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ called: string }>(REPLACED, [BUILT_IN]);
  return rows.map(({ called }) => `Guard changed: function pg_catalog.${called}`);
}
