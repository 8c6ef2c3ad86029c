/**
 * How many connections to Postgres the processes open at most, all of their pools together, and whether the server has
 * room for those that run.
 */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Alive } from './heartbeat.ts';

/** One of each kind, when all of its pools are full. */
const MOST_CONNECTIONS: Readonly<Alive> = { api: 16, worker: 27, relay: 8, scheduler: 6, signer: 5 };

export interface ConnectionLimits {
  /** Of the server, but for those it keeps for superusers. */
  allowed: number;
  /** Of all databases. */
  open: number;
}

const LIMITS = `
  select current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer as allowed,
    (select count(*)::integer from pg_stat_activity where backend_type = 'client backend') as open`;

export async function readConnectionLimits(db: Pick<Queryable, 'query'>): Promise<ConnectionLimits> {
  const { rows } = await db.query<ConnectionLimits>(LIMITS);
  return rows[0]!;
}

/** What those that are alive may open. */
export function connectionsOf(alive: Alive): number {
  return Object.entries(alive).reduce((sum, [kind, count]) => sum + count * MOST_CONNECTIONS[kind as keyof Alive], 0);
}
