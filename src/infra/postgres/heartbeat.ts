/**
 * Which processes are alive, told by Postgres without a write: each holds a shared advisory lock for every part that it
 * plays, on a session that Postgres ends when nothing is heard on it for ten seconds. A process that is killed lets go
 * at once, one that is frozen or cut off soon, and nothing is left behind that would have to be swept.
 */

import type pg from 'pg';
import type { Queryable } from '../../core/sql/queryable.ts';
import { withTimeout } from '../../core/withTimeout.ts';
import { SERVED_QUEUES, type ServedQueue } from '../queue/queueNames.ts';
import type { Log } from '../telemetry/log.ts';
import { timings } from '../timings.ts';
import type { DatabaseRole } from './database.ts';

/** In the order of their locks: none may change its place. */
export const PROCESS_KINDS = ['api', 'worker', 'relay', 'scheduler', 'signer'] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];
export type Alive = Record<ProcessKind, number>;

export interface Heartbeat {
  /**
   * From now on this process counts as one of these. Resolves when it does, or soon without.
   *
   * @param serves the queues that it serves; all where it is not said
   */
  join(kind: ProcessKind, serves?: readonly ServedQueue[]): Promise<void>;
  leave(kind: ProcessKind): Promise<void>;
  /** As of the last beat that was answered; how it was before, while Postgres is away. */
  alive(): Alive;
  /** Queues that no worker serves although there are workers, as of the same beat. */
  unserved(): ServedQueue[];
  /** Each queue, and whether a worker takes from it, as of the same beat. */
  served(): ReadonlyMap<ServedQueue, boolean>;
  close(): Promise<void>;
}

/** Of the advisory locks with two numbers; the other is the kind's place. */
const LOCK_CLASS = 7_252_079;

const ROLES: Record<ProcessKind, DatabaseRole> = {
  ...{ api: 'door', worker: 'worker', relay: 'relay', scheduler: 'worker', signer: 'worker' },
};

const KEEP = `
  with held as materialized (
    select objid::int4 as kind from pg_locks
    where locktype = 'advisory' and pid = pg_backend_pid() and classid = ${LOCK_CLASS} and objsubid = 2
  )
  select set_config('idle_session_timeout', '${timings.heartbeat.silence_ms}', false),
    (select count(pg_try_advisory_lock_shared(${LOCK_CLASS}, kind)) from unnest($1::int4[]) as kind
     where kind not in (select kind from held)),
    (select count(pg_advisory_unlock_shared(${LOCK_CLASS}, kind)) from held where kind <> all ($1::int4[]))`;

const COUNT = `
  select objid::int4 as kind, count(distinct pid)::int4 as processes from pg_locks
  where locktype = 'advisory' and granted and classid = ${LOCK_CLASS} and objsubid = 2
    and database = (select oid from pg_database where datname = current_database())
  group by objid`;

/** @param openPool of one connection, which is asked for once */
export function createHeartbeat(openPool: (role: DatabaseRole) => pg.Pool, log: Pick<Log, 'debug'>): Heartbeat {
  const kinds = new Set<ProcessKind>();
  let left: readonly ServedQueue[] = [];
  let pool: pg.Pool | undefined;
  let alive: Alive = { api: 0, worker: 0, relay: 0, scheduler: 0, signer: 0 };
  let unserved: ServedQueue[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function beat(): Promise<void> {
    clearTimeout(timer);
    try {
      await withTimeout(askFor([...kinds]), timings.heartbeat.patience_ms, 'Postgres does not answer');
    } catch (err) {
      log.debug({ err }, 'reading heartbeats failed');
    }
    clearTimeout(timer);
    if (!isClosed) timer = setTimeout(() => void beat(), timings.heartbeat.beat_every_ms).unref();
  }

  async function askFor(own: ProcessKind[]): Promise<void> {
    pool ??= openPool(ROLES[own[0]!]);
    await pool.query({ name: 'heartbeat-keep', text: KEEP, values: [[...own.map(numberOf), ...numbersLeft()]] });
    ({ alive, unserved } = await readServing(pool));
  }

  const numbersLeft = () => (kinds.has('worker') ? left.map(numberOfLeft) : []);

  return {
    join(kind, serves = SERVED_QUEUES) {
      kinds.add(kind);
      if (kind === 'worker') left = SERVED_QUEUES.filter((name) => !serves.includes(name));
      return beat();
    },
    leave(kind) {
      kinds.delete(kind);
      return isClosed ? Promise.resolve() : beat();
    },
    alive: () => alive,
    unserved: () => unserved,
    served: () => new Map(SERVED_QUEUES.map((name) => [name, alive.worker > 0 && !unserved.includes(name)])),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await pool?.end();
    },
  };
}

/** How many processes of each kind are alive just now. */
export async function readAlive(db: Pick<Queryable, 'query'>): Promise<Alive> {
  return (await readServing(db)).alive;
}

/** The same, with the queues that every worker leaves alone. A worker of an older version leaves none that it knows. */
export async function readServing(db: Pick<Queryable, 'query'>): Promise<{ alive: Alive; unserved: ServedQueue[] }> {
  const { rows } = await db.query<{ kind: number; processes: number }>({ name: 'heartbeat-count', text: COUNT });
  const counts = new Map(rows.map(({ kind, processes }) => [kind, processes]));
  const alive = Object.fromEntries(PROCESS_KINDS.map((kind) => [kind, counts.get(numberOf(kind)) ?? 0])) as Alive;
  const isLeft = (name: ServedQueue) => (counts.get(numberOfLeft(name)) ?? 0) >= alive.worker;
  return { alive, unserved: alive.worker === 0 ? [] : SERVED_QUEUES.filter(isLeft) };
}

function numberOf(kind: ProcessKind): number {
  return PROCESS_KINDS.indexOf(kind) + 1;
}

/** Of the lock of a worker that leaves this queue alone. */
function numberOfLeft(queue: ServedQueue): number {
  return 100 + SERVED_QUEUES.indexOf(queue);
}
