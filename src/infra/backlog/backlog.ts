/**
 * When there is too much waiting in the inbox for the door to stay open, for an institution or for all, and when there
 * is room again. What was accepted is never dropped; a command that would wait in vain is refused instead.
 */

import { fromMark, LOW_WATER, ofStuck } from '../../core/apply/waitingCommands.ts';
import type { Queryable } from '../../core/sql/queryable.ts';

/** How the inbox stands. */
export interface Backlog {
  /** Commands without an outcome. */
  pending: number;
  oldest_pending_seconds: number;
}

export interface InboxLoad extends Backlog {
  dead: number;
  findings_open: number;
}

/** More are not counted: nobody needs to know how many more. */
export const COUNTED = 50_000;
export const COUNTED_OF_STUCK = 1_000;

// Apart, each by the index of its status: together they would read everything that was ever settled.
export const INBOX_LOAD = `
  with waiting as materialized (
    select accepted_at from (${fromMark('accepted_at', COUNTED)}) others
    union all select accepted_at from (${ofStuck('accepted_at, position', COUNTED_OF_STUCK)}) s where position < ${LOW_WATER}
  )
  select count(*) as pending,
    coalesce(extract(epoch from clock_timestamp() - min(accepted_at)), 0)::float8 as oldest_pending_seconds,
    (select count(*) from (select from commands where status = 'dead' limit ${COUNTED}) d) as dead,
    (select count(*) from (select from findings where resolved_at is null limit ${COUNTED}) f) as findings_open
  from waiting`;

/** Everything that an operator may have to see, counted by partial indexes: cheap enough for once a second. */
export async function readInboxLoad(db: Queryable): Promise<InboxLoad> {
  const { rows } = await db.query<InboxLoad>({ name: 'standing', text: INBOX_LOAD });
  return rows[0]!;
}

/** What an idle installation may have waiting: some ten seconds of work for one worker. */
const LEAST_PENDING = 20_000;
const MOST_PENDING = COUNTED;
/** So much work, as fast as it is done just now, may wait: a command accepted behind it has its outcome within the usual wait. */
const WORK_SECONDS = 20;
/**
 * A minute is twice the longest that anybody may wait for an outcome, and more than a poisonous command needs to die of
 * its three attempts: where what could be worked on is older than that, nobody is applying anything.
 */
export const SHUT_AT_SECONDS = 60;

/** What waits for a worker alone: not in a stream that is held back, locked or left to a newer version. */
export interface Workable extends Backlog {
  /** Commands that were settled in a second, lately. */
  per_second: number;
}

/** How many workable commands may wait. */
export function boundFor(per_second: number): number {
  return Math.round(Math.min(MOST_PENDING, Math.max(LEAST_PENDING, per_second * WORK_SECONDS)));
}

/** What may wait of the kinds that are none of the court's: so much of all. */
export const APART = 1 / 4;

/**
 * @param isShut how the door stands: it opens at half of the bound, so that it is not opened for a moment and shut again
 * @param part of the bound
 */
export function isTooMuch(
  { pending, oldest_pending_seconds, per_second }: Workable,
  isShut: boolean,
  part = 1,
): boolean {
  const left = isShut ? 0.5 : 1;
  return pending >= boundFor(per_second) * part * left || oldest_pending_seconds >= SHUT_AT_SECONDS * left;
}

/**
 * An institution may have as much waiting as there is room left: alone half of the bound, and one that comes later finds
 * room, however many were there before.
 * @param isRefused how it stands: it is let in again when about half of that is worked off
 * @param part of the bound
 */
export function isOverShare(share: number, { pending, per_second }: Workable, isRefused: boolean, part = 1): boolean {
  const room = Math.max(0, boundFor(per_second) * part - pending);
  return share > 0 && share >= (isRefused ? room / 3 : room);
}

/** More does not pile up in a stream that is stuck. */
export function isStuckForLong({ pending, oldest_pending_seconds }: Backlog): boolean {
  return pending >= COUNTED_OF_STUCK || oldest_pending_seconds >= SHUT_AT_SECONDS;
}
