/**
 * The scheduler's lease: one row with a term that only grows, judged by the database's clock alone. Its
 * holder leads; a lease that ran out or was given back is free.
 */

import type { Queryable } from '../../src/core/sql/queryable.ts';
import { timings } from '../../src/infra/timings.ts';
import type { Leader } from './tickLedger.ts';

/** The channel that tells of a lease that was given back. */
export const RESIGNED = 'plearoll_resigned';

export interface Lease {
  /** The database's clock, in milliseconds since 1970. */
  now_ms: number;
  /** How long the lease has to run; 0 when it is free. */
  left_ms: number;
}

export async function readLease(db: Queryable): Promise<Lease> {
  const { rows } = await db.query<Lease>({
    name: 'read-lease',
    text: `
      select extract(epoch from now)::float8 * 1000 as now_ms,
        coalesce(greatest(0, extract(epoch from (select expires_at from leases where name = 'scheduler') - now)), 0)::float8
          * 1000 as left_ms
      from clock_timestamp() as now`,
  });
  return rows[0]!;
}

/** @returns the term, if the lease was free */
export async function takeLease(db: Queryable, holder: string, clock_skew_ms: number): Promise<number | undefined> {
  const { rows } = await db.query<{ term: number }>(
    `insert into leases as l (name, holder, term, acquired_at, expires_at, clock_skew_ms)
     values ('scheduler', $1, 1, clock_timestamp(), clock_timestamp() + $2 * interval '1 millisecond', $3)
     on conflict (name) do update set holder = excluded.holder, term = l.term + 1, acquired_at = clock_timestamp(),
       expires_at = clock_timestamp() + $2 * interval '1 millisecond', clock_skew_ms = excluded.clock_skew_ms
     where l.expires_at <= clock_timestamp()
     returning term`,
    [holder, timings.leadership.lease_ms, Math.round(clock_skew_ms)],
  );
  return rows[0]?.term;
}

/** @returns false when the lease is no longer this term's */
export async function renewLease(db: Queryable, { holder, term }: Leader, clock_skew_ms: number): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'renew-lease',
    text: `
      update leases set expires_at = clock_timestamp() + $3 * interval '1 millisecond', clock_skew_ms = $4
      where name = 'scheduler' and holder = $1 and term = $2 and expires_at > clock_timestamp()`,
    values: [holder, term, timings.leadership.lease_ms, Math.round(clock_skew_ms)],
  });
  return rowCount === 1;
}

/** Gives the lease back and notifies the schedulers that wait for it. */
export async function releaseLease(db: Queryable, { holder, term }: Leader): Promise<void> {
  await db.query(
    `with released as (
       update leases set expires_at = clock_timestamp()
       where name = 'scheduler' and holder = $1 and term = $2 and expires_at > clock_timestamp() returning term
     )
     select pg_notify('${RESIGNED}', term::text) from released`,
    [holder, term],
  );
}
