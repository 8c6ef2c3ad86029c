/**
 * Runs of feeds, as the worker sees them: rows that wait, are claimed one at a time for each feed, and end with an answer or
 * with a problem. A claim that is not renewed is lost.
 */
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import type { ProblemBody } from '../../src/core/definitions/problem.ts';
import { IS_DUE } from '../../src/core/sql/due.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { RUN_KINDS, RunToken } from '../../src/feeds/imports/run.ts';
import { timings } from '../../src/infra/timings.ts';

export interface RunClaim {
  id: string;
  feed_id: string;
  kind: (typeof RUN_KINDS)[number];
  input: JsonObject;
  actor: Actor;
  /** Null of one that an API of before asked for. */
  token: RunToken | null;
  asked_at: string;
  /** Fencing token: updates of an earlier claim are ignored. */
  run: string;
  attempts: number;
  /** What an attempt before was about to do; null where none came so far. */
  orders: JsonObject | null;
}

export type RunEnding =
  | { state: 'done'; answer: JsonObject }
  | { state: 'refused'; problem: ProblemBody }
  | { state: 'failed'; error: string }
  /** Again after a while; `counts` is false where this process cut it off. */
  | { state: 'waiting'; error: string | null; wait_ms: number; counts: boolean };

export const MAX_ATTEMPTS = 3;
const CLAIM_SECONDS = timings.claims.claim_ms / 1_000;
const FOUND_AT_ONCE = 20;

const UNDER_WAY = `state in ('waiting', 'running')`;
const IS_OVERDUE = `${UNDER_WAY} and due_at < clock_timestamp() - interval '${timings.claims.found_after_ms} milliseconds'`;

/** Done at once of an institution, by all workers: its sites may take long, and others wait for a place, too. */
const MOST_OF_INSTITUTION = 2;
/** SQL, of the row `r`. A claim that has run out is none. */
const HAS_PLACE = `(select count(*) from feed_runs u where u.institution_id = r.institution_id and u.id <> r.id
  and u.state = 'running' and u.due_at > clock_timestamp()) < ${MOST_OF_INSTITUTION}`;

/** SQL: is there any that `findOverdue` would find? */
export const RUNS_WAIT = `exists (select from feed_runs where ${IS_OVERDUE})`;

/** Those that nobody has claimed, or whose claim has run out, the first asked for first; of a feed the first alone, and of an institution none beside so many, as it would be claimed. */
export async function findOverdue(db: Queryable): Promise<string[]> {
  const text = `
    select id from (
      select distinct on (feed_id) id, institution_id, asked_at, state, due_at from feed_runs where ${UNDER_WAY}
      order by feed_id, state = 'running' desc, asked_at, id
    ) r where ${IS_OVERDUE} and ${HAS_PLACE} order by asked_at, id limit ${FOUND_AT_ONCE}`;
  const { rows } = await db.query<{ id: string }>({ name: 'find-overdue-feed-runs', text });
  return rows.map(({ id }) => id);
}

/** The next that waits for this feed. */
export async function findNext(db: Queryable, feed_id: string): Promise<string | undefined> {
  const text = `select id from feed_runs where feed_id = $1 and state = 'waiting' order by asked_at, id limit 1`;
  return (await db.query<{ id: string }>(text, [feed_id])).rows[0]?.id;
}

type ClaimRow = Omit<RunClaim, 'actor'> & {
  actor_id: string;
  actor_role: Actor['role'];
  actor_institution_id: string | null;
};

/** @returns undefined where it is over, claimed by another, behind another of its feed, beside too many of its institution, or has spent its attempts */
export async function claimRun(db: Queryable, id: string): Promise<RunClaim | undefined> {
  try {
    const { rows } = await db.query<ClaimRow>(
      `update feed_runs r
       set state = 'running', attempts = attempts + 1, run = gen_random_uuid(),
         due_at = clock_timestamp() + $2 * interval '1 second'
       where id = $1 and ${UNDER_WAY} and ${IS_DUE} and attempts < $3 and ${HAS_PLACE}
         and not exists (select from feed_runs o where o.feed_id = r.feed_id and o.id <> r.id and o.${UNDER_WAY}
           and (o.state = 'running' or (o.asked_at, o.id) < (r.asked_at, r.id)))
       returning id, feed_id, kind, input, actor_id, actor_role, actor_institution_id, token, asked_at, run, attempts, orders`,
      [id, CLAIM_SECONDS, MAX_ATTEMPTS],
    );
    const [row] = rows;
    if (!row) return undefined;
    const { actor_id, actor_role: role, actor_institution_id: institution_id, ...claim } = row;
    return { ...claim, actor: { id: actor_id, role, institution_id } };
  } catch (fault) {
    // Another one of the feed was claimed at the same moment.
    if ((fault as { code?: string }).code === '23505') return undefined;
    throw fault;
  }
}

/** @returns false where the claim is lost */
export async function renewClaim(db: Queryable, { id, run }: RunClaim): Promise<boolean> {
  const { rowCount } = await db.query(
    `update feed_runs set due_at = clock_timestamp() + $3 * interval '1 second' where id = $1 and run = $2`,
    [id, run, CLAIM_SECONDS],
  );
  return rowCount === 1;
}

export async function endRun(db: Queryable, { id, run }: RunClaim, ending: RunEnding): Promise<void> {
  const { state } = ending;
  const isOver = state !== 'waiting';
  await db.query(
    `update feed_runs
     set state = $3, run = null, answer = $4, problem = $5, error = $6, attempts = attempts - $7,
       due_at = clock_timestamp() + $8 * interval '1 millisecond',
       input = case when $9 then null else input end, token = case when $9 then null else token end, orders = case when $9 then null else orders end,
       finished_at = case when $9 then clock_timestamp() end
     where id = $1 and run = $2`,
    [
      ...[id, run, state],
      state === 'done' ? JSON.stringify(ending.answer) : null,
      state === 'refused' ? JSON.stringify(ending.problem) : null,
      'error' in ending ? ending.error : null,
      state === 'waiting' && !ending.counts ? 1 : 0,
      state === 'waiting' ? ending.wait_ms : 0,
      isOver,
    ],
  );
}

/** Fails runs whose last claim ran out: they are not tried again, and the answer to a request says so. */
export async function giveUpLostRuns(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `update feed_runs
     set state = 'failed', run = null, finished_at = clock_timestamp(), input = null, token = null, orders = null,
       error = coalesce(error || '; then ', '') || 'the process that ran it ended'
     where state = 'running' and due_at < clock_timestamp() and attempts >= $1
     returning id`,
    [MAX_ATTEMPTS],
  );
  return rows.map(({ id }) => id);
}
