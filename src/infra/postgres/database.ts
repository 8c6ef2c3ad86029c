/**
 * Postgres pools, one for each role a process plays. A connection serves nobody before the server has confirmed its role
 * and settings: one that cannot take its role is closed, never served as the login user.
 */

import pg from 'pg';
import { type DatabaseRole, DEFAULT_ROLE_PREFIX, roleName } from '../../core/sql/databaseRoles.ts';
import { pipelined } from '../../core/sql/pipelined.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { timings } from '../timings.ts';
import { GatheringClient } from './gatheringClient.ts';
import { demandOwnSession, isDirect } from './ownSession.ts';
import { type SessionSettings, takeRole } from './takeRole.ts';

export type { DatabaseRole };

// Statements with a name, and the checks of foreign keys, keep the plan of their first runs, when tables may be empty:
// it has to go by key. Nothing but verification reads whole tables. Before version 18 what cannot go by key is held for so
// dear that it would be compiled first, for a tenth of a second or more.
const BY_KEY = { enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off', jit: 'off' };

/** How long a statement of a role may take; 0 is for ever. */
const STATEMENT_SECONDS: Record<DatabaseRole, number> = {
  api: 15,
  door: 15,
  worker: 30,
  relay: 15,
  verifier: 0,
  queue: 0,
  feeds: 15,
};

/** Below a minute: as Postgres says it again, which is compared. */
const inSeconds = (ms: number) => (ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`);
const idle_in_transaction_session_timeout = inSeconds(timings.postgres.idle_in_transaction_ms);
const WRITING = { ...BY_KEY, lock_timeout: inSeconds(timings.postgres.lock_ms), idle_in_transaction_session_timeout };

/** Settings of every connection of a role, beside its role and the length of its statements. */
const ROLE_SETTINGS: Record<DatabaseRole, SessionSettings> = {
  api: WRITING,
  // Few statements, each by one key: planned anew for its values, one would take longer to plan than to run.
  door: { ...WRITING, plan_cache_mode: 'force_generic_plan' },
  worker: WRITING,
  relay: { ...BY_KEY, idle_in_transaction_session_timeout },
  // Its pages cost enough to be compiled, each anew, which takes many times as long as running them. They are sorted in memory, or
  // not at all: it reads streams in the order of their keys, several at a time, and by functions that nobody else's schema hides.
  verifier: {
    ...{ jit: 'off', work_mem: '32MB', search_path: 'public' },
    ...{ random_page_cost: '1.1', max_parallel_workers_per_gather: '0' },
  },
  queue: { search_path: 'bullmq' },
  feeds: WRITING,
};

/** What is read back is written in one way, however the server, the database or a role has it. */
const COMMON_SETTINGS = { timezone: 'UTC', client_encoding: 'UTF8', datestyle: 'ISO, MDY', bytea_output: 'hex' };

/** How values come back: whole numbers, and instants as RFC 3339 UTC with milliseconds. */
export const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === pg.types.builtins.TIMESTAMPTZ) return (text: string) => new Date(text).toISOString();
    if (oid === pg.types.builtins.INT8) return Number;
    return pg.types.getTypeParser(oid, format as 'text');
  },
} as pg.CustomTypesConfig;

/**
 * @param max connections at most
 * @param rolePrefix of the installation's roles: processes open their pools by the backbone
 * @param wait_ms at most, for a connection: where all are in use, and where the server does not answer
 */
export function openPool(
  url: string,
  role: DatabaseRole,
  max: number,
  onError: (error: Error) => void,
  rolePrefix = DEFAULT_ROLE_PREFIX,
  wait_ms: number = timings.postgres.connect_within_ms,
): pg.Pool {
  const seconds = STATEMENT_SECONDS[role];
  const statement_timeout = seconds === 0 ? '0' : `${seconds}s`;
  const settings = { ...COMMON_SETTINGS, statement_timeout, ...ROLE_SETTINGS[role] };
  const makeFit = async (client: pg.ClientBase) => {
    const pid = await takeRole(client, roleName(rolePrefix, role), settings);
    if (!isDirect(client, pid)) await demandOwnSession(client, url);
  };
  const pool = new pg.Pool({
    Client: GatheringClient,
    connectionString: url,
    application_name: `plearoll-${role}`,
    onConnect: makeFit,
    max,
    types,
    connectionTimeoutMillis: wait_ms,
    ...(seconds > 0 && { query_timeout: seconds * 1_000 + timings.postgres.silence_ms }),
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    // What needs no earlier answer is sent without waiting for one.
    pipeline: role !== 'queue',
  });
  pool.on('error', onError);
  return pool;
}

interface Brackets<T> {
  begin?: string;
  /** Sends the last statements, all at once and without waiting in between: COMMIT goes out right behind them. */
  last?(db: Queryable, result: T): Promise<unknown>;
}

/**
 * Runs `work` between BEGIN and COMMIT.
 * @throws what `work`, the last statements or the commit threw, after a rollback; a connection in doubt is closed
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (db: Queryable) => Promise<T>,
  { begin = 'begin', last }: Brackets<T> = {},
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    const db = client;
    const [, result] = await pipelined([client.query(begin), work(db)] as const);
    const [, { command }] = await pipelined([last?.(db, result), client.query('commit')] as const);
    if (command !== 'COMMIT') throw new Error(`the transaction ended with ${command}`);
    return result;
  } catch (fault) {
    if (isConnectionFault(fault)) broken = fault as Error;
    else await client.query('rollback').catch((error: Error) => (broken = error));
    throw fault;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/**
 * Runs `work` holding try-locks on the names that are free; never waits. A crash releases them; a frozen holder loses
 * them to idle_in_transaction_session_timeout, which `isLost` tells.
 */
export async function exclusively<T>(
  pool: pg.Pool,
  names: string[],
  work: (own: ReadonlySet<string>, isLost: () => boolean) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let lost = false;
  client.on('error', () => {
    lost = true;
  });
  try {
    await client.query('begin');
    const text =
      'select name from unnest($1::text[]) as name where pg_try_advisory_xact_lock(hashtextextended(name, 1))';
    const { rows } = await client.query<{ name: string }>(text, [names]);
    return await work(new Set(rows.map(({ name }) => name)), () => lost);
  } finally {
    // The end of its connection is the one way to let go that cannot fail.
    client.release(true);
  }
}

// What pg says where it has no code to give. Other texts may hold the same words: a column is named connection_count.
const LOST_CONNECTION =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout e|Query read timeout)/;

/** Did the connection fail, or the server shut down, fill up or turn read-only, rather than the statement? */
export function isConnectionFault(fault: unknown): boolean {
  const { code, message } = fault as { code?: string; message?: string };
  if (code === undefined) return LOST_CONNECTION.test(message ?? '');
  return /^(08|57P0|53|25006$)/.test(code) || /^E[A-Z]+$/.test(code);
}

/** Of a fault of a statement that was sent: was the connection lost under it, so that nobody knows what became of it? */
export function isInDoubt(fault: unknown): boolean {
  const { code, message = '' } = fault as { code?: string; message?: string };
  if (code !== undefined) return ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(code);
  return /^(Connection terminated unexpectedly|Query read timeout)/.test(message);
}

/** Worth trying again as it was: a deadlock, a serialisation failure, a lock or a statement that took too long. */
export function isTransientFault(fault: unknown): boolean {
  const { code } = fault as { code?: string };
  return code !== undefined && ['40P01', '40001', '55P03', '57014', '25P03'].includes(code);
}

/** The statement may be right, and Postgres did not do it this time. */
export function isUnavailable(fault: unknown): boolean {
  return isConnectionFault(fault) || isTransientFault(fault);
}
