/** The lease of the scheduler, as a test sees it change hands. */
import type pg from 'pg';
import { until } from './processes.ts';

/** @returns the term in which a scheduler leads now */
export async function leadingTerm(pool: pg.Pool): Promise<number> {
  const text = `select term::integer from leases where name = 'scheduler' and expires_at > clock_timestamp()`;
  return until('one leads', async () => (await pool.query<{ term: number }>(text)).rows[0]?.term, 60_000);
}

/**
 * Another leader takes the lease and dies with it: whichever led is deposed, is fenced from then on, and leads again, or one
 * beside it, once that lease has run out. @returns the term of the dead
 */
export async function loseLeader(pool: pg.Pool): Promise<number> {
  await leadingTerm(pool);
  const { rows } = await pool.query<{ term: number }>(`
    update leases set holder = 'nowhere/0/dead', term = term + 1, acquired_at = clock_timestamp(),
      expires_at = clock_timestamp() + interval '1 second'
    where name = 'scheduler' returning term::integer`);
  return rows[0]!.term;
}

/** Resolves when a leader has come after that one. */
export async function untilLedAfter(pool: pg.Pool, term: number): Promise<void> {
  await until(`a leader after term ${term}`, async () => (await leadingTerm(pool)) > term, 60_000);
}
