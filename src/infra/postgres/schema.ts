/**
 * Which schema a database has, told by its migrations. A process refuses one that it was not written for: on an older one
 * it would fail halfway, and on a newer one it could write what the newer version does not expect, unless each migration
 * that it does not know accepts it.
 */

import type pg from 'pg';
import { migrations } from '../../../migrations/index.ts';
import { type DatabaseRole, readRolePrefixes, roleName } from '../../core/sql/databaseRoles.ts';
import { timings } from '../timings.ts';
import { isConnectionFault } from './database.ts';
import { openSession } from './ownSession.ts';
import { takeRole } from './takeRole.ts';

export const OURS: readonly string[] = migrations.map(({ name }) => name);

export class SchemaError extends Error {}

export interface Applied {
  name: string;
  /** The oldest migration that a process must know to run beside this one; null: this one itself. */
  accepts: string | null;
}

/** As JSON: the column is not there yet in older schemas. */
export const APPLIED = `select name, to_jsonb(m) ->> 'accepts' as accepts from public.knex_migrations m`;

/** The migrations of a database in the order in which they were applied; none where there is no schema yet. */
export async function readSchema(db: Pick<pg.Client, 'query'>): Promise<string[]> {
  return (await readApplied(db)).map(({ name }) => name);
}

/** The same, with which processes each accepts. */
export async function readApplied(db: Pick<pg.Client, 'query'>): Promise<Applied[]> {
  try {
    return (await db.query<Applied>(`${APPLIED} order by id`)).rows;
  } catch (error) {
    // It is not there, or was made before everybody could read it.
    if (['42P01', '42501'].includes((error as { code: string }).code)) return [];
    throw error;
  }
}

/** @throws {SchemaError} where a newer version has migrated the database */
export function demandKnownSchema(applied: readonly string[]): void {
  if (!applied.every((name) => OURS.includes(name))) throw tooNew(applied.at(-1)!);
}

/** Migrations of a newer version that do not accept this one. */
export function refusing(applied: readonly Applied[]): string[] {
  const isKnown = (name: string | null) => name !== null && OURS.includes(name);
  return applied.filter(({ name, accepts }) => !isKnown(name) && !isKnown(accepts)).map(({ name }) => name);
}

/** @throws {SchemaError} where a newer version has migrated the database, and does not accept this one beside it */
export function demandAccepting(applied: readonly Applied[]): void {
  const newest = refusing(applied).at(-1);
  if (newest !== undefined) throw tooNew(newest);
}

function tooNew(newest: string): SchemaError {
  return new SchemaError(
    `The database has the schema of a newer version of Plearoll (${newest}); this one knows ${OURS.at(-1)} ` +
      'and leaves it alone. Install the newer version, or restore a backup that this one made.',
  );
}

/** @throws {SchemaError} where the schema is older than ours, or newer and does not accept us; says what to do */
export function demandOurs(found: readonly Applied[]): void {
  demandAccepting(found);
  const applied = found.map(({ name }) => name);
  if (OURS.every((name) => applied.includes(name))) return;
  const older = applied.length === 0 ? 'no schema yet' : `an older schema (${applied.at(-1)})`;
  throw new SchemaError(`The database has ${older}; this version needs ${OURS.at(-1)}: run npm run migrate first.`);
}

/** @throws {SchemaError} where the database was migrated for roles of another prefix, whose names ours would not fit */
export async function demandOurRoles(db: Pick<pg.Client, 'query'>, prefix: string): Promise<void> {
  const found = await readRolePrefixes(db as never);
  if (found.length === 0 || found.includes(prefix)) return;
  throw new SchemaError(
    `The database was migrated with DB_ROLE_PREFIX=${found.join(' and ')}, and here it is ${prefix}. ` +
      'Set it to what it was, or name another database: the roles of a database do not change their names.',
  );
}

/** What every separate process does first, in a role that it plays later. @throws {SchemaError}, or a fault where Postgres stays away for seconds */
export async function demandSchema(url: string, role: DatabaseRole, rolePrefix: string): Promise<void> {
  for (const started = performance.now(); ; ) {
    try {
      return demandOurs(await askSchema(url, role, rolePrefix));
    } catch (fault) {
      if (!isConnectionFault(fault) || performance.now() - started > timings.database.start_within_ms) throw fault;
      await new Promise((resolve) => setTimeout(resolve, timings.database.try_again_ms));
    }
  }
}

async function askSchema(url: string, role: DatabaseRole, rolePrefix: string): Promise<Applied[]> {
  const client = await openSession(url, 'plearoll-start');
  try {
    await demandOurRoles(client, rolePrefix);
    await takeRole(client, roleName(rolePrefix, role), {});
    return await readApplied(client);
  } finally {
    await client.end().catch(() => {});
  }
}
