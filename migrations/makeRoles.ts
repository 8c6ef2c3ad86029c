/**
 * The roles of an installation: made where they are missing, and given to the login that migrates, which hands functions
 * and the queue's schema over to them. That takes no superuser, only the right to make roles; where somebody else made them, it takes
 * an administrator once, and what to say is said.
 */
import type pg from 'pg';
import { openSession } from '../src/infra/postgres/ownSession.ts';

/** Around the roles, in one database of the cluster, and around the migrations of each database. */
export const LOCK = `hashtext('plearoll')`;

/** Database `postgres` is not there, or not for this login, or not known to a pooler. */
const REFUSED = ['3D000', '42501', '28000', '28P01', '08P01'];
/** Another database's migration made or gave the same role just now. */
const RACED = ['42710', '23505', 'XX000'];
const TRIES = 5;

export class RolesError extends Error {}

/** @throws {RolesError} with the SQL for an administrator */
export async function makeRoles(url: string, roles: readonly string[]): Promise<void> {
  const client = await openOutside(url);
  try {
    await client.query(`select pg_advisory_lock(${LOCK})`);
    for (const role of roles) await unlessRaced(() => makeRole(client, role, roles));
  } finally {
    await client.end();
  }
}

/** Roles are the cluster's, and locks a database's: all migrations meet in database `postgres`, where they may. */
async function openOutside(url: string): Promise<pg.Client> {
  const outside = Object.assign(new URL(url), { pathname: '/postgres' });
  try {
    return await openSession(outside.href, 'plearoll-migrate');
  } catch (fault) {
    if (!REFUSED.includes((fault as { code?: string }).code ?? '')) throw fault;
    return openSession(url, 'plearoll-migrate');
  }
}

async function makeRole(client: pg.Client, role: string, all: readonly string[]): Promise<void> {
  try {
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
    if (rowCount === 0) await client.query(`create role ${role} nologin`);
    if (await isGiven(client, role)) return;
    await client.query(`grant ${role} to current_user${await fully(client)}`);
  } catch (fault) {
    const { code, message } = fault as { code?: string; message: string };
    throw code === '42501' ? await explain(client, all, message) : fault;
  }
  if (!(await isGiven(client, role))) throw await explain(client, all, `it does not inherit from ${role}`);
}

/** Since 16, whoever makes a role administers it, and neither plays it nor has its rights. */
async function isGiven(client: pg.Client, role: string): Promise<boolean> {
  const plays = (await hasOptions(client)) ? 'SET' : 'MEMBER';
  const text = `select pg_has_role(current_user, $1, 'USAGE') and pg_has_role(current_user, $1, $2) as given`;
  const { rows } = await client.query<{ given: boolean }>(text, [role, plays]);
  return rows[0]!.given;
}

async function hasOptions(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>(
    `select current_setting('server_version_num')::integer >= 160000 as has`,
  );
  return rows[0]!.has;
}

async function fully(client: pg.Client): Promise<string> {
  return (await hasOptions(client)) ? ' with inherit true, set true' : '';
}

async function explain(client: pg.Client, roles: readonly string[], why: string): Promise<RolesError> {
  const { rows } = await client.query<{ login: string; name: string | null }>(
    `select quote_ident(current_user) as login, r.rolname as name from unnest($1::text[]) as name
     left join pg_roles r on r.rolname = name`,
    [roles],
  );
  const login = rows[0]!.login;
  const missing = roles.filter((role) => !rows.some(({ name }) => name === role));
  const lines = [
    ...missing.map((role) => `create role ${role} nologin;`),
    `grant ${roles.join(', ')} to ${login}${await fully(client)};`,
    ...((await hasOptions(client)) ? [] : [`alter role ${login} inherit;`]),
  ];
  return new RolesError(
    `the login ${login} cannot make and use the database's roles (${why}). An administrator of the cluster says once:\n  ${lines.join('\n  ')}`,
  );
}

async function unlessRaced(work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (fault) {
      if (tries === TRIES || !RACED.includes((fault as { code?: string }).code ?? '')) throw fault;
    }
  }
}
