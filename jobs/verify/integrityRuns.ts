/**
 * Verifications on request, as the worker sees them: rows that wait, are claimed for half a minute at a
 * time, and end with a verdict or the reason why there is none. A claim that is not renewed is lost.
 */

import { IS_DUE } from '../../src/core/sql/due.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { timings } from '../../src/infra/timings.ts';
import type { Level, RunResult } from '../../src/integrity/runs/verifyRun.ts';

export interface RunClaim {
  id: string;
  /** What is verified: one institution, or with null everything. */
  institution_id: string | null;
  /** `all`, or the stream of a session. */
  scope: string;
  level: Level;
  /** The signed note that it is anchored in. */
  checkpoint: string | null;
  started_at: string;
  /** Fencing token: updates of an earlier claim are ignored. */
  run: string;
  attempts: number;
}

export type RunEnding =
  | { state: 'done'; result: RunResult; finished_at: string; signed_report: string | null }
  | { state: 'failed'; error: string }
  /** Again after a while; `counts` is false where this process cut it off. */
  | { state: 'waiting'; error: string | null; wait_ms: number; counts: boolean };

export const MAX_ATTEMPTS = 3;
/** Claim TTL: a run that misses its heartbeat for this long loses its claim. */
const CLAIM_SECONDS = timings.claims.claim_ms / 1_000;
/** Of one institution. */
export const KEPT_RUNS = 100;
const FOUND_AT_ONCE = 20;

const UNDER_WAY = `state in ('waiting', 'running')`;
const IS_OVERDUE = `${UNDER_WAY} and due_at < clock_timestamp() - interval '${timings.claims.found_after_ms} milliseconds'`;

/** SQL: is there any that `findOverdue` would find? */
export const RUNS_WAIT = `exists (select from integrity_runs where ${IS_OVERDUE})`;

/** Those that nobody has claimed, or whose claim has run out, the first asked for first. */
export async function findOverdue(db: Queryable): Promise<string[]> {
  const text = `select id from integrity_runs where ${IS_OVERDUE} order by asked_at, id limit ${FOUND_AT_ONCE}`;
  const { rows } = await db.query<{ id: string }>({ name: 'find-overdue-runs', text });
  return rows.map(({ id }) => id);
}

/** @returns undefined where it is over, claimed by another, or has spent its attempts */
export async function claimRun(db: Queryable, id: string): Promise<RunClaim | undefined> {
  const { rows } = await db.query<RunClaim>(
    `update integrity_runs
     set state = 'running', attempts = attempts + 1, run = gen_random_uuid(), started_at = clock_timestamp(),
       due_at = clock_timestamp() + $2 * interval '1 second'
     where id = $1 and ${UNDER_WAY} and ${IS_DUE} and attempts < $3
     returning id, institution_id, scope, level, checkpoint, started_at, run, attempts`,
    [id, CLAIM_SECONDS, MAX_ATTEMPTS],
  );
  return rows[0];
}

/** @returns false where the claim is lost */
export async function renewClaim(db: Queryable, { id, run }: RunClaim): Promise<boolean> {
  const { rowCount } = await db.query(
    `update integrity_runs set due_at = clock_timestamp() + $3 * interval '1 second' where id = $1 and run = $2`,
    [id, run, CLAIM_SECONDS],
  );
  return rowCount === 1;
}

/** How far it has come, in streams. */
export async function storeProgress(db: Queryable, { id, run }: RunClaim, done: number, total: number): Promise<void> {
  const text = 'update integrity_runs set progress_done = $3, progress_total = $4 where id = $1 and run = $2';
  await db.query(text, [id, run, done, total]);
}

export async function endRun(db: Queryable, claim: RunClaim, ending: RunEnding): Promise<void> {
  if (ending.state === 'done') return storeVerdict(db, claim, ending);
  const { state, error } = ending;
  await db.query(
    `update integrity_runs
     set state = $3, run = null, error = $4, attempts = attempts - $5,
       due_at = clock_timestamp() + $6 * interval '1 millisecond',
       finished_at = case when $3 <> 'waiting' then clock_timestamp() end
     where id = $1 and run = $2`,
    [
      ...[claim.id, claim.run, state, error],
      state === 'waiting' && !ending.counts ? 1 : 0,
      state === 'waiting' ? ending.wait_ms : 0,
    ],
  );
}

async function storeVerdict(
  db: Queryable,
  { id, run }: RunClaim,
  { result, finished_at, signed_report }: Extract<RunEnding, { state: 'done' }>,
): Promise<void> {
  const { verdict, counts, findings, findings_omitted, anchors, report } = result;
  const { streams_checked } = report;
  await db.query(
    `update integrity_runs
     set state = 'done', run = null, error = null, finished_at = $3, report = $4, verdict = $5, counts = $6, findings = $7,
       findings_omitted = $8, progress_done = $9, progress_total = $9, signed_report = $10, anchors = $11
     where id = $1 and run = $2`,
    [
      ...[id, run, finished_at, JSON.stringify(report), verdict, JSON.stringify(counts), JSON.stringify(findings)],
      ...[findings_omitted, streams_checked, signed_report, JSON.stringify(anchors)],
    ],
  );
}

/** Fails runs whose last claim ran out: they are not retried, and the answer to a request says so. */
export async function giveUpLostRuns(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `update integrity_runs
     set state = 'failed', run = null, finished_at = clock_timestamp(),
       error = coalesce(error || '; then ', '') || 'the process that ran it ended'
     where state = 'running' and due_at < clock_timestamp() and attempts >= $1
     returning id`,
    [MAX_ATTEMPTS],
  );
  return rows.map(({ id }) => id);
}

/** However often verifications are asked for, so many are kept. */
export async function removeOldRuns(db: Queryable, institution_id: string | null): Promise<void> {
  const own = institution_id === null ? 'institution_id is null and job is null' : 'institution_id = $2';
  await db.query(
    `delete from integrity_runs where finished_at is not null and id in (
       select id from integrity_runs where ${own} order by asked_at desc, id desc offset $1)`,
    institution_id === null ? [KEPT_RUNS] : [KEPT_RUNS, institution_id],
  );
}
