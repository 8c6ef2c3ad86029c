/**
 * Results on their way back, as the worker sees them: rows that wait, are claimed by one process at a time, and come to an end
 * that is kept here before the record is told. A claim that is not renewed is lost.
 */
import { IS_DUE } from '../../src/core/sql/due.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { SENT_WITHIN_MS } from '../../src/feeds/results/matchResults.ts';
import type { Result } from '../../src/feeds/results/sheets.ts';
import { timings } from '../../src/infra/timings.ts';

export interface ResultClaim extends Pick<Result, 'confirm'> {
  id: string;
  match_id: string;
  feed_id: string;
  provider_id: string;
  round: number;
  state: 'waiting' | 'posting' | 'posted' | 'failed';
  /** Null once it is settled. */
  sheets: Result['sheets'] | null;
  before: string[] | null;
  ballot_id: string | null;
  why: string | null;
  /** Since it was handed in, as it is claimed. */
  age_ms: number;
  attempts: number;
  /** Fencing token: updates of an earlier claim are ignored. */
  run: string;
}

export type Settled = { ballot_id: string } | { why: string };

const CLAIM_SECONDS = timings.claims.claim_ms / 1_000;
const FOUND_AT_ONCE = 20;
const IS_OVERDUE = `noted_at is null and due_at < clock_timestamp() - interval '${timings.claims.found_after_ms} milliseconds'`;

/** SQL: is there any that `findOverdueResults` would find? */
export const RESULTS_WAIT = `exists (select from match_results where ${IS_OVERDUE})`;

export async function findOverdueResults(db: Queryable): Promise<string[]> {
  const text = `select id from match_results where ${IS_OVERDUE} order by due_at, id limit ${FOUND_AT_ONCE}`;
  const { rows } = await db.query<{ id: string }>({ name: 'find-overdue-results', text });
  return rows.map(({ id }) => id);
}

/** @returns undefined where it is over, or claimed by another */
export async function claimResult(db: Queryable, id: string): Promise<ResultClaim | undefined> {
  const { rows } = await db.query<ResultClaim>(
    `update match_results
     set attempts = attempts + 1, run = gen_random_uuid(), due_at = clock_timestamp() + $2 * interval '1 second'
     where id = $1 and noted_at is null and ${IS_DUE}
     returning id, match_id, feed_id, provider_id, round, state, sheets, confirm, before, ballot_id, why, attempts, run,
       (extract(epoch from clock_timestamp() - handed_at) * 1000)::float8 as age_ms`,
    [id, CLAIM_SECONDS],
  );
  return rows[0];
}

/** @returns false where the claim is lost */
export async function renewResult(db: Queryable, { id, run }: ResultClaim): Promise<boolean> {
  const text = `update match_results set due_at = clock_timestamp() + $3 * interval '1 second' where id = $1 and run = $2`;
  return (await db.query(text, [id, run, CLAIM_SECONDS])).rowCount === 1;
}

/** From here on it may have been sent: it is never sent again. @returns false where the claim is lost, or it is too late */
export async function beginPosting(
  db: Queryable,
  { id, run }: ResultClaim,
  before: readonly string[],
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update match_results set state = 'posting', before = $3
     where id = $1 and run = $2 and state = 'waiting'
       and handed_at > clock_timestamp() - $4 * interval '1 millisecond'`,
    [id, run, JSON.stringify(before), SENT_WITHIN_MS],
  );
  return rowCount === 1;
}

/** It was not sent after all: that is sure. */
export async function takePostingBack(db: Queryable, { id, run }: ResultClaim): Promise<void> {
  await db.query(`update match_results set state = 'waiting', before = null where id = $1 and run = $2`, [id, run]);
}

/** Its sheets are needed no longer. @returns false where the claim is lost */
export async function storeSettled(db: Queryable, { id, run }: ResultClaim, settled: Settled): Promise<boolean> {
  const { rowCount } = await db.query(
    `update match_results
     set state = $3, ballot_id = $4, why = $5, settled_at = clock_timestamp(), sheets = null
     where id = $1 and run = $2 and settled_at is null`,
    'ballot_id' in settled ? [id, run, 'posted', settled.ballot_id, null] : [id, run, 'failed', null, settled.why],
  );
  return rowCount === 1;
}

export async function storeNoted(db: Queryable, { id, run }: ResultClaim): Promise<void> {
  await db.query(`update match_results set noted_at = clock_timestamp(), run = null where id = $1 and run = $2`, [
    id,
    run,
  ]);
}

/** Again after a while. */
export async function releaseResult(db: Queryable, { id, run }: ResultClaim, wait_ms: number): Promise<void> {
  const text = `update match_results set run = null, due_at = clock_timestamp() + $3 * interval '1 millisecond' where id = $1 and run = $2`;
  await db.query(text, [id, run, wait_ms]);
}
