/**
 * How this process and what it leans on are doing, probed every second or two, so that asking costs nothing. Without Postgres
 * nothing works (503); without Redis everything works, later (200 and `degraded`); without a worker, say, nothing is
 * applied, which is no reason to send nobody here (`degraded` too). A Postgres that is slow is there: the
 * figures are then those of the last poll that came to its end.
 */

import type pg from 'pg';
import { pipelined } from '../../core/sql/pipelined.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Backlog, readInboxLoad } from '../backlog/backlog.ts';
import { isThere, poll } from '../postgres/boundedRead.ts';
import { readDurability, survivesCrash } from '../postgres/durability.ts';
import type { Alive } from '../postgres/heartbeat.ts';
import type { ServedQueue } from '../queue/queueNames.ts';
import { timings } from '../timings.ts';
import type { Absence } from './absence.ts';
import type { Metrics } from './metrics.ts';

export interface Health {
  healthy: boolean;
  degraded: boolean;
  postgres_connected: boolean;
  redis_connected: boolean | null;
  /** Does what was accepted survive a crash of Postgres? Null before it was asked. */
  durable: boolean | null;
  queue: Queue;
  active_connections: number;
  /** How many of each kind are alive. */
  processes: Alive;
  /** Queues that no worker serves; what is in them waits. */
  unserved_queues: ServedQueue[];
  timestamp: string;
}

export interface Queue extends Backlog {
  dead: number;
  /** When the figures were true; null before there are any. */
  as_of: string | null;
}

export interface Probe {
  health(): Health;
  /** Reachable, fit, and not about to stop. */
  isReady(): boolean;
  /** Has Postgres been away for longer than a restart of it or a failover takes to be noticed? */
  isAway(): boolean;
  /** From now on not ready: a load balancer sends nobody any more. */
  drain(): void;
  close(): void;
}

/** @param required by who asks: `redis` where nothing is to be delayed */
export function isEnough({ healthy, redis_connected }: Health, required: unknown): boolean {
  return healthy && (required !== 'redis' || redis_connected === true);
}

export interface ProbeOptions {
  /** For looks alone. */
  pool: pg.Pool;
  /** Told when it answers and when it does not. */
  postgres: Absence;
  metrics: Metrics;
  /** Null where there is no Redis. */
  isRedisConnected(): boolean | null;
  connections(): number;
  processes(): Alive;
  unserved?(): ServedQueue[];
  /** False where the queue's Redis is not one to rely on. */
  isQueueFit?(): boolean;
  /** False while commands are refused, or none could be stored lately. */
  isAccepting?(): boolean;
  every_ms?: number;
}

export async function startProbe(options: ProbeOptions): Promise<Probe> {
  const {
    pool,
    postgres,
    metrics,
    unserved = () => [],
    isQueueFit = () => true,
    isAccepting = () => true,
    every_ms = timings.probe.every_ms,
  } = options;
  let queue: Queue = { pending: 0, oldest_pending_seconds: 0, dead: 0, as_of: null };
  let durable: boolean | null = null;
  let isStale = false;
  let postgres_connected = false;
  let answered_at = performance.now();
  let draining = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function pollAgain(): Promise<void> {
    try {
      const { load, durability } = await poll(pool, readStanding);
      const { findings_open, ...counts } = load;
      durable = survivesCrash(durability);
      queue = { ...counts, as_of: new Date().toISOString() };
      metrics.findingsOpen.set(findings_open);
      metrics.tamperDetected.set(findings_open > 0 ? 1 : 0);
      postgres_connected = true;
      isStale = false;
      metrics.pending.set(queue.pending);
      metrics.oldestPending.set(queue.oldest_pending_seconds);
    } catch (fault) {
      isStale = true;
      postgres_connected = await isThere(pool);
      if (!postgres_connected && !closed) postgres.away(fault);
    }
    if (postgres_connected) {
      answered_at = performance.now();
      postgres.back();
    }
    const next = postgres_connected ? every_ms : Math.min(every_ms, timings.probe.every_ms_without);
    if (!closed) timer = setTimeout(() => void pollAgain(), next).unref();
  }

  function health(): Health {
    const redis_connected = options.isRedisConnected();
    const processes = options.processes();
    const unserved_queues = unserved();
    const isMissed = Object.values(processes).includes(0) || unserved_queues.length > 0;
    const isLame = isStale || isMissed || redis_connected === false || !isQueueFit() || !isAccepting();
    return {
      healthy: postgres_connected,
      degraded: postgres_connected && isLame,
      postgres_connected,
      redis_connected,
      durable,
      queue,
      active_connections: options.connections(),
      processes,
      unserved_queues,
      timestamp: new Date().toISOString(),
    };
  }

  await pollAgain();
  return {
    health,
    isReady: () => postgres_connected && isQueueFit() && !draining,
    isAway: () => !postgres_connected && performance.now() - answered_at > timings.probe.away_after_ms,
    drain: () => {
      draining = true;
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

async function readStanding(db: Queryable) {
  const [load, durability] = await pipelined([readInboxLoad(db), readDurability(db)] as const);
  return { load, durability };
}
