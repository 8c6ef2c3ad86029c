/**
 * SQL of the overdue poll: commands that wait for longer than their doorbell should take: it was lost, or answered by a
 * worker that was killed with them in hand. Polled under load too, as nothing else rings for those.
 */

import { isOfKind, oldestWaiting } from '../../src/core/apply/waitingCommands.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { timings } from '../../src/infra/timings.ts';

const STREAMS_AT_ONCE = 500;
/** Oldest first, so that no stream is passed over for long. */
const COMMANDS_LOOKED_THROUGH = 2_000;

const IS_OVERDUE = `accepted_at < clock_timestamp() - interval '${timings.applying.overdue_after_ms} milliseconds'`;

/** Is there any that `findOverdue` would find, but for streams that wait for their next attempt? */
export const COMMANDS_WAIT = `exists (select from (${oldestWaiting('accepted_at', 1)}) o where ${IS_OVERDUE})`;

const overdue = (also: string) => `
  select streams from (
    select distinct on (stream) stream, streams, position
    from (${oldestWaiting('stream, streams, position, accepted_at', COMMANDS_LOOKED_THROUGH, also)}) w
    where ${IS_OVERDUE} order by stream, position) o
  where not exists (select from streams s where s.stream = o.stream and s.held_until > clock_timestamp())
  order by position limit $1`;

/** Of the court's; a flood of what is apart from it hides none of them. */
export const OVERDUE = overdue(`not ${isOfKind('$2')}`);
const OVERDUE_APART = overdue(isOfKind('$2'));

/** The streams of the first overdue command of each stream, in inbox order, and behind them those of these kinds. */
export async function findOverdue(db: Queryable, apart: readonly string[]): Promise<{ streams: string[] }[]> {
  const values = [STREAMS_AT_ONCE, apart];
  const { rows } = await db.query<{ streams: string[] }>(OVERDUE, values);
  return [...rows, ...(await db.query<{ streams: string[] }>(OVERDUE_APART, values)).rows];
}
