/**
 * The backlog by which the API accepts or refuses: the commands that a worker could take, by institution, without
 * those that wait in streams that are stuck; and of these, what is none of the court's. The workers say which streams are
 * stuck (jobs/upkeep/moveMark.ts).
 */

import { DRAWN, fromMark, isOfKind, LOW_WATER, ofStuck } from '../../core/apply/waitingCommands.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Backlog, COUNTED, COUNTED_OF_STUCK } from './backlog.ts';

/** For how long a worker's word that a stream is stuck is taken, should no worker be left to say more. */
const TRUSTED_SECONDS = 120;
/** An institution with less than the hundredth is far from any share. */
const SHARES = 100;
const SMOOTHED_OVER_SECONDS = 10;

const AGE = `coalesce(extract(epoch from clock_timestamp() - min(accepted_at)), 0)::float8`;
const sharesOf = (condition: string) => `(select coalesce(json_agg(s), '[]') from (
      select institution_id, count(*) as pending from workable where ${condition}
      group by 1 order by 2 desc limit ${SHARES}) s)`;

export const DOOR_LOAD = `
  with mark as materialized (
    select stuck, looked_at > clock_timestamp() - interval '${TRUSTED_SECONDS} seconds' as is_trusted
    from inbox_mark where one
  ), others as materialized (
    ${fromMark('stream, institution_id, accepted_at', COUNTED)}
  ), behind as materialized (
    select * from (${ofStuck('position, institution_id, accepted_at', COUNTED_OF_STUCK)}) b
  ), workable as materialized (
    select institution_id, accepted_at, ${isOfKind('$1')} as is_apart from others
    where stream not in (select unnest(stuck) from mark where is_trusted)
    union all
    select institution_id, accepted_at, split_part(stuck, ':', 1) = any($1) from behind where position < ${LOW_WATER} and not (select is_trusted from mark)
  )
  select count(*) as pending,
    (select ${AGE} from workable where not is_apart) as oldest_pending_seconds,
    (select count(*) from others) + (select count(*) from behind where position < ${LOW_WATER}) as waiting,
    ${DRAWN} as drawn,
    extract(epoch from clock_timestamp())::float8 as at,
    ${sharesOf('not is_apart')} as shares,
    (select json_build_object('pending', count(*), 'oldest_pending_seconds', ${AGE}, 'shares', ${sharesOf('is_apart')})
     from workable where is_apart) as apart,
    (select coalesce(json_agg(s), '[]') from (
      select stuck as stream, count(*) as pending,
        extract(epoch from clock_timestamp() - min(accepted_at))::float8 as oldest_pending_seconds
      from behind where (select is_trusted from mark) group by 1) s) as stuck
  from workable`;

/** With whose it is. */
export interface Shared extends Backlog {
  shares: { institution_id: string | null; pending: number }[];
}

/** All that waits for a worker; how old it is, and whose, is told of the court's alone. */
export interface Waiting extends Shared {
  /** What is none of the court's. */
  apart: Shared;
  /** All that waits, stuck or not. */
  waiting: number;
  /** The last number that was drawn in the inbox. */
  drawn: number;
  /** Seconds since 1970, by the database's clock. */
  at: number;
  stuck: (Backlog & { stream: string })[];
}

/** Of what waits: what a worker could take, whose it is, and what waits in streams that are stuck. @param apart kinds */
export async function readWorkable(db: Queryable, apart: readonly string[]): Promise<Waiting> {
  const { rows } = await db.query<Waiting>({ name: 'door-standing', text: DOOR_LOAD, values: [apart] });
  return rows[0]!;
}

/** What was drawn and does not wait any more was settled, but for the few numbers that were drawn in vain. */
export function settledPerSecond(per_second: number, before: Waiting, now: Waiting): number {
  const seconds = now.at - before.at;
  if (before.at === 0 || seconds <= 0 || now.waiting >= COUNTED) return per_second;
  const settled = Math.max(0, now.drawn - before.drawn - (now.waiting - before.waiting));
  const weight = Math.min(1, seconds / SMOOTHED_OVER_SECONDS);
  return per_second + (settled / seconds - per_second) * weight;
}
