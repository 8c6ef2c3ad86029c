/**
 * Whether a connection has a session of the server to itself. Roles, settings, named statements, LISTEN and session
 * locks live in one. A pooler that hands the server's connections round between transactions gives none: a statement
 * could meet a session without its role, so such a pooler is refused.
 */

import pg from 'pg';
import { timings } from '../timings.ts';

export class PoolerError extends Error {}

const ROUNDS = 3;

/** A connection for something that is done once, as the login itself. @throws {PoolerError} where its session is not its own */
export async function openSession(
  url: string,
  application_name: string,
  config: pg.ClientConfig = {},
): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name,
    connectionTimeoutMillis: timings.postgres.own_session_within_ms,
    keepAlive: true,
    ...config,
  });
  // A lost connection is told by the statement under way.
  client.on('error', () => {});
  try {
    await client.connect();
    await demandOwnSession(client, url);
    return client;
  } catch (fault) {
    await client.end().catch(() => {});
    throw fault;
  }
}

/** @throws {PoolerError} behind a pooler in transaction or statement mode */
export async function demandOwnSession(client: pg.ClientBase, url: string): Promise<void> {
  const pid = await backendOf(client);
  if (isDirect(client, pid)) return;
  const other = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timings.postgres.own_session_within_ms,
  });
  other.on('error', () => {});
  try {
    await other.connect();
    for (let round = 0; round < ROUNDS; round += 1) await compare(client, other);
  } finally {
    await other.end().catch(() => {});
  }
}

/** A pooler makes up the process id that it gives at the start: the key for cancelling has to lead back to itself. */
export function isDirect(client: pg.ClientBase, pid: number): boolean {
  return (client as unknown as { processID: number }).processID === pid;
}

/**
 * Two connections, each of which is asked twice. Where sessions are shared, the one that was given back last is handed
 * out next, and both meet it; or they are handed out in turn, and the second question of the same connection meets another.
 */
async function compare(one: pg.ClientBase, other: pg.ClientBase): Promise<void> {
  const first = await backendOf(one);
  const second = [await backendOf(other), await backendOf(other)];
  const isShared = second.includes(first) || second[0] !== second[1] || first !== (await backendOf(one));
  if (!isShared) return;
  throw new PoolerError(
    'Between here and Postgres is a pooler in transaction mode, which shares sessions of the server: a statement could ' +
      'run outside its role. Set it to session mode (PgBouncer: pool_mode = session), or connect to Postgres itself.',
  );
}

async function backendOf(client: pg.ClientBase): Promise<number> {
  const statement = { text: 'select pg_backend_pid() as pid', query_timeout: timings.postgres.own_session_within_ms };
  const { rows } = await client.query<{ pid: number }>(statement);
  return rows[0]!.pid;
}
