/**
 * A poll of a few figures: Postgres itself ends it after a second, so that none outlives its asker, and polls have
 * connections of their own, which no other work keeps busy.
 */

import type pg from 'pg';
import type { Queryable } from '../../core/sql/queryable.ts';
import { withTimeout } from '../../core/withTimeout.ts';
import { timings } from '../timings.ts';
import { inTransaction } from './database.ts';

/** One to poll, and one to ask whether Postgres is there while a poll goes on. */
export const POLL_POOL_SIZE = 2;

/** @throws where it takes longer than a second, or Postgres is away */
export function poll<T>(pool: pg.Pool, read: (db: Queryable) => Promise<T>): Promise<T> {
  const begin = `begin read only; set local statement_timeout = ${timings.postgres.poll_ms}`;
  return withTimeout(
    inTransaction(pool, read, { begin }),
    timings.postgres.poll_patience_ms,
    'Postgres does not answer',
  );
}

/** Slow is not away: a Postgres that answers the least question is there. Nor is a lost connection, where a new one is to be had. */
export async function isThere(pool: pg.Pool): Promise<boolean> {
  const ask = () => pool.query('select 1');
  return withTimeout(ask().catch(ask), timings.postgres.poll_patience_ms, 'Postgres does not answer').then(
    () => true,
    () => false,
  );
}
