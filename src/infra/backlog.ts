/**
 * When there is too much waiting in the inbox for the door to stay open, and when there is room again. What was
 * accepted is never dropped; who would only wait in vain is told so instead.
 */
import type { Queryable } from '../core/queryable.ts';
import { fromMark, LOW_WATER, ofStuck } from '../core/waiting.ts';

/** How the inbox stands. */
export interface Backlog {
  /** Commands without an outcome. */
  pending: number;
  oldest_pending_seconds: number;
}

export interface Standing extends Backlog {
  dead: number;
  findings_open: number;
}

/** More are not counted: nobody needs to know how many more. */
export const COUNTED = 50_000;
const COUNTED_OF_STUCK = 1_000;

// Apart, each by the index of its status: together they would read everything that was ever settled.
export const STANDING = `
  with waiting as materialized (
    select accepted_at from (${fromMark('accepted_at', COUNTED)}) others
    union all select accepted_at from (${ofStuck('accepted_at, position', COUNTED_OF_STUCK)}) s where position < ${LOW_WATER}
  )
  select count(*) as pending,
    coalesce(extract(epoch from clock_timestamp() - min(accepted_at)), 0)::float8 as oldest_pending_seconds,
    (select count(*) from (select from commands where status = 'dead' limit ${COUNTED}) d) as dead,
    (select count(*) from (select from findings where resolved_at is null limit ${COUNTED}) f) as findings_open
  from waiting`;

/** Everything that somebody may have to look at, counted by partial indexes: cheap enough for once a second. */
export async function readStanding(db: Queryable): Promise<Standing> {
  const { rows } = await db.query<Standing>({ name: 'standing', text: STANDING });
  return rows[0]!;
}

/**
 * 10,000 commands are some seconds of work for one worker: who is accepted behind them still has the outcome within the
 * usual wait. A minute is twice the longest that anybody may wait for an outcome, and more than a poisonous command needs
 * to die of its three attempts: older than that, nobody is applying anything.
 */
export const SHUT_AT: Backlog = { pending: 10_000, oldest_pending_seconds: 60 };

/** Half of it, so that the door is not opened for a moment and shut again. */
export const OPEN_BELOW: Backlog = { pending: 5_000, oldest_pending_seconds: 30 };

/** What a refused sender is asked to wait: a few samples of the backlog, and a few thousand commands. */
export const RETRY_AFTER_SECONDS = 5;

/** @param isShut how the door stands; it shuts at the one bound and opens below the other */
export function isTooMuch({ pending, oldest_pending_seconds }: Backlog, isShut: boolean): boolean {
  const bound = isShut ? OPEN_BELOW : SHUT_AT;
  return pending >= bound.pending || oldest_pending_seconds >= bound.oldest_pending_seconds;
}
