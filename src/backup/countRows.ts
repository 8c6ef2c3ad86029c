/**
 * How many rows a table has by the eyes of a role that sees all of them. Row security binds an owner who is no superuser,
 * and leaves out in silence what it hides: a backup that has as many rows as are counted here lacks none.
 */
import type pg from 'pg';
import { type DatabaseRole, roleName } from '../core/sql/databaseRoles.ts';
import { takeRole } from '../infra/postgres/takeRole.ts';
import type { Counts } from './archive.ts';
import type { Table } from './tables.ts';

/** Roles whose policies show every row, the one that may do least first. */
const SEE_ALL: readonly DatabaseRole[] = ['verifier', 'worker'];

/** @returns rows by table, for the tables whose row security binds this login. @throws {RoleError} where it may not look so */
export async function countRows(client: pg.Client, tables: readonly Table[], rolePrefix: string): Promise<Counts> {
  const { rows } = await client.query<{ name: string; role: string | null }>(
    `select t.name, (
       select role from unnest($2::text[]) with ordinality as r (role, place)
       where has_any_column_privilege(role, 'public.' || quote_ident(t.name), 'select') order by place limit 1) as role
     from unnest($1::text[]) as t (name) where row_security_active('public.' || quote_ident(t.name))`,
    [tables.map(({ name }) => name), SEE_ALL.map((role) => roleName(rolePrefix, role))],
  );
  const counts: Counts = {};
  for (const { name, role } of rows) {
    if (role === null) throw new Error(`Row security hides the rows of ${name} from every role that could count them.`);
    await takeRole(client, role, {});
    const counted = await client.query<{ count: number }>(
      `select count(*) from public.${client.escapeIdentifier(name)}`,
    );
    counts[name] = counted.rows[0]!.count;
    await client.query('reset role');
  }
  return counts;
}
