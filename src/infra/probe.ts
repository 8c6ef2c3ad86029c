/**
 * How this process and what it leans on are doing, probed every second or two, so that asking costs nothing. Without Postgres
 * nothing works (503); without Redis everything works, later (200 and `degraded`).
 */
import { inTime } from '../core/inTime.ts';
import type { Queryable } from '../core/queryable.ts';
import { type Backlog, isTooMuch, readStanding } from './backlog.ts';
import type { Metrics } from './metrics.ts';

export interface Health {
  healthy: boolean;
  degraded: boolean;
  postgres_connected: boolean;
  redis_connected: boolean | null;
  queue: Backlog & { dead: number };
  active_connections: number;
  timestamp: string;
}

export interface Probe {
  health(): Health;
  /** Reachable, fit, and not about to stop. */
  isReady(): boolean;
  /** Does too much wait in the inbox for any more to be accepted? As of the last look, however many ask. */
  isBacklogged(): boolean;
  /** From now on not ready: a load balancer sends nobody any more. */
  drain(): void;
  close(): void;
}

export interface ProbeOptions {
  db: Queryable;
  metrics: Metrics;
  /** Null where there is no Redis. */
  isRedisConnected(): boolean | null;
  connections(): number;
  /** False where the queue's Redis is not one to rely on. */
  isQueueFit?(): boolean;
  /** Every second where the door stands by what is found. */
  every_ms?: number;
  /** Told when the backlog passes its bound, and when it is through. */
  onBacklog?(queue: Health['queue'], isBacklogged: boolean): void;
}

const EVERY_MS = 2_000;
const PATIENCE_MS = 2_000;

export async function startProbe(options: ProbeOptions): Promise<Probe> {
  const {
    db,
    metrics,
    isRedisConnected,
    connections,
    isQueueFit = () => true,
    every_ms = EVERY_MS,
    onBacklog,
  } = options;
  let queue: Health['queue'] = { pending: 0, oldest_pending_seconds: 0, dead: 0 };
  let postgres_connected = false;
  let backlogged = false;
  let draining = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    try {
      const { findings_open, ...counts } = await inTime(readStanding(db), PATIENCE_MS, 'Postgres does not answer');
      queue = counts;
      metrics.findingsOpen.set(findings_open);
      postgres_connected = true;
      metrics.pending.set(queue.pending);
      metrics.oldestPending.set(queue.oldest_pending_seconds);
      judge();
    } catch {
      postgres_connected = false;
    }
    if (!closed) timer = setTimeout(() => void look(), every_ms).unref();
  }

  function judge(): void {
    const before = backlogged;
    backlogged = isTooMuch(queue, before);
    metrics.backlogged.set(Number(backlogged));
    if (backlogged !== before) onBacklog?.(queue, backlogged);
  }

  function health(): Health {
    const redis_connected = isRedisConnected();
    return {
      healthy: postgres_connected,
      degraded: postgres_connected && (redis_connected === false || !isQueueFit()),
      postgres_connected,
      redis_connected,
      queue,
      active_connections: connections(),
      timestamp: new Date().toISOString(),
    };
  }

  await look();
  return {
    health,
    isReady: () => postgres_connected && isQueueFit() && !draining,
    isBacklogged: () => backlogged,
    drain: () => {
      draining = true;
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}
