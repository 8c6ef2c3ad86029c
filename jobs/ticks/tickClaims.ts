/**
 * The ledger's other half: a tick that was fired is a durable job, and is run until it succeeds or has spent its
 * attempts. A run claims its tick for half a minute at a time, by the database's clock.
 *
 *   fire ──▶ waiting ──────▶ skipped     a later tick of its name fired first
 *    │        │   ▲
 *    │  claim │   │ fault, or cut off by a stop: due again later
 *    │        ▼   │
 *    │       running ──────▶ succeeded
 *    │        │ ▲  └───────▶ failed      a fault, or a missed heartbeat, at MAX_ATTEMPTS
 *    │        └─┘ heartbeat missed: claimed again
 *    └───────────────────────▶ skipped   its slot was passed over
 */

import type { JsonObject } from '../../src/core/definitions/event.ts';
import { IS_DUE } from '../../src/core/sql/due.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { JobQueue } from '../../src/infra/queue/queueNames.ts';
import { timings } from '../../src/infra/timings.ts';
import { type TickKey, tickId } from './tickLedger.ts';

export interface Claim extends TickKey {
  id: string;
  /** Fencing token: updates of an older run are ignored. */
  run: string;
  attempts: number;
}

export const MAX_ATTEMPTS = 3;
/** Claim TTL: a run that misses its heartbeat for this long loses its claim. */
const CLAIM_SECONDS = timings.claims.claim_ms / 1_000;
const FOUND_AT_ONCE = 20;

const CLAIM = `
  update schedule_ticks t
  set status = 'running', attempts = attempts + 1, run = gen_random_uuid(), started_at = clock_timestamp(),
    due_at = clock_timestamp() + $3 * interval '1 second'
  where t.name = $1 and t.slot = $2 and t.status in ('waiting', 'running') and t.${IS_DUE}
    and t.attempts < $4 and t.term is not null
    and not exists (
      select from schedule_ticks o
      where o.name = t.name and o.slot <> t.slot
        and (o.status = 'running' or (o.status = 'waiting' and o.slot < t.slot)))
  returning id, name, slot, run, attempts`;

/** Takes a tick to run it, unless it is done, is not due, or another of its name is before it. */
export async function claimTick(db: Queryable, { name, slot }: TickKey): Promise<Claim | undefined> {
  return unlessRunning(async () => {
    const { rows } = await db.query<Claim>(CLAIM, [name, slot, CLAIM_SECONDS, MAX_ATTEMPTS]);
    return rows[0];
  });
}

/** A run by hand stands in the ledger too, without a term: it says nothing about which ticks were dealt with. */
export async function claimByHand(db: Queryable, key: TickKey, queue: string): Promise<Claim | undefined> {
  const text = `
    insert into schedule_ticks (name, slot, id, queue, status, attempts, run, started_at, due_at)
    values ($1, $2, $3, $4, 'running', 1, gen_random_uuid(), clock_timestamp(),
      clock_timestamp() + $5 * interval '1 second')
    returning id, name, slot, run, attempts`;
  return unlessRunning(async () => {
    const { rows } = await db.query<Claim>(text, [key.name, key.slot, tickId(key), queue, CLAIM_SECONDS]);
    return rows[0];
  });
}

/** The database lets one tick of a name run at a time, in all processes together. */
async function unlessRunning(claim: () => Promise<Claim | undefined>): Promise<Claim | undefined> {
  try {
    return await claim();
  } catch (fault) {
    if ((fault as { constraint?: string }).constraint === 'uq_tick_running') return undefined;
    throw fault;
  }
}

/** @returns false when the tick is no longer this run's */
export async function renewClaim(db: Queryable, claim: Claim): Promise<boolean> {
  const { rowCount } = await db.query(
    `update schedule_ticks set due_at = clock_timestamp() + $4 * interval '1 second'
     where name = $1 and slot = $2 and run = $3 and status = 'running'`,
    [claim.name, claim.slot, claim.run, CLAIM_SECONDS],
  );
  return rowCount === 1;
}

export type Ending =
  | { status: 'succeeded'; result: JsonObject }
  | { status: 'failed'; error: string }
  /** Again, after a while; `counts` is false where the attempt was cut off by us. */
  | { status: 'waiting'; error: string | null; wait_ms: number; counts: boolean };

export async function endTick(db: Queryable, { name, slot, run }: Claim, ending: Ending): Promise<void> {
  const { status } = ending;
  await db.query(
    `update schedule_ticks
     set status = $4, result = $5, error = $6, run = null,
       finished_at = case when $4 = 'waiting' then null else clock_timestamp() end,
       due_at = clock_timestamp() + $7 * interval '1 millisecond', attempts = attempts - $8
     where name = $1 and slot = $2 and run = $3 and status = 'running'`,
    [
      ...[name, slot, run, status],
      status === 'succeeded' ? JSON.stringify(ending.result) : null,
      status === 'succeeded' ? null : ending.error,
      status === 'waiting' ? ending.wait_ms : 0,
      status === 'waiting' && !ending.counts ? 1 : 0,
    ],
  );
}

const IS_OVERDUE = `status in ('waiting', 'running') and due_at < clock_timestamp() - interval '${timings.claims.found_after_ms} milliseconds'`;

/** SQL: is there any that `findDue` would find? @param queues names of ours */
export function ticksWait(queues: readonly JobQueue[]): string {
  const own = queues.map((name) => `'${name}'`).join(', ');
  return own === '' ? 'false' : `exists (select from schedule_ticks where ${IS_OVERDUE} and queue in (${own}))`;
}

export interface DueTick extends TickKey {
  queue: string;
  /** It has no attempt left. */
  is_spent: boolean;
}

/** Ticks of these queues that are due and have not been answered to, the earliest of each name. */
export async function findDue(db: Queryable, queues: readonly JobQueue[]): Promise<DueTick[]> {
  const text = `
    select distinct on (name, is_spent) name, slot, queue, attempts >= $1 or term is null as is_spent
    from schedule_ticks where ${IS_OVERDUE} and queue = any ($3) order by name, is_spent, slot limit $2`;
  const { rows } = await db.query<DueTick>({
    ...{ name: 'find-due-ticks', text },
    values: [MAX_ATTEMPTS, FOUND_AT_ONCE, queues],
  });
  return rows;
}

/** Fails ticks whose last attempt lost its heartbeat, and manual runs that did; neither is retried. */
export async function buryTicks(db: Queryable): Promise<(TickKey & { error: string })[]> {
  const text = `
    update schedule_ticks
    set status = 'failed', finished_at = clock_timestamp(), run = null,
      error = coalesce(error || '; then ', '') || 'the process that ran it ended'
    where status = 'running' and due_at < clock_timestamp() and (attempts >= $1 or term is null)
    returning name, slot, error`;
  const { rows } = await db.query<TickKey & { error: string }>({
    ...{ name: 'bury-ticks', text },
    values: [MAX_ATTEMPTS],
  });
  return rows;
}
