/**
 * What the database knows about this installation. Its id names whatever is shared with others: keys and channels in
 * Redis, jobs, the folder of files. A database's name would not do: many are called the same.
 */
import type { Queryable } from '../../core/sql/queryable.ts';
import { type DatabaseRole, openPool } from './database.ts';

export interface Installation {
  id: string;
}

/** @throws with advice when the schema is missing */
export async function readInstallation(db: Queryable): Promise<Installation> {
  const { rows } = await db.query<Installation>('select id from installation').catch(explain);
  return rows[0]!;
}

/**
 * Asked once at start, over a connection of its own.
 * @param role one that may know it: `door`, `relay` or `worker`
 * @throws with advice when the schema is missing
 */
export async function readInstallationId(url: string, role: DatabaseRole, rolePrefix?: string): Promise<string> {
  const pool = openPool(url, role, 1, () => {}, rolePrefix);
  try {
    const { rows } = await pool.query<{ id: string }>('select id from installation').catch(explain);
    return rows[0]!.id;
  } finally {
    await pool.end();
  }
}

/** Of all keys and channels in Redis. The braces are a hash tag: a cluster keeps one installation's keys in one slot. */
export function redisPrefix(installation: string): string {
  return `plearoll:{${installation}}:`;
}

function explain(error: { code?: string }): never {
  if (!['42P01', '42501', '22023'].includes(error.code ?? '')) throw error;
  throw new Error('The database has no schema yet: run npm run migrate first.', { cause: error });
}
