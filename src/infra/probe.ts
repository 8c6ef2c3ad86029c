/**
 * How this process and what it leans on are doing, probed once a second so that asking costs nothing. Without Postgres
 * nothing works (503); without Redis everything works, later (200 and `degraded`).
 */
import type { Queryable } from '../core/queryable.ts';
import type { Metrics } from './metrics.ts';

export interface Health {
  healthy: boolean;
  degraded: boolean;
  postgres_connected: boolean;
  redis_connected: boolean | null;
  queue: { pending: number; oldest_pending_seconds: number; dead: number };
  active_connections: number;
  timestamp: string;
}

export interface Probe {
  health(): Health;
  /** Reachable, and not about to stop. */
  isReady(): boolean;
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
}

const EVERY_MS = 1_000;
const PATIENCE_MS = 2_000;

const QUEUE = `
  select count(*) filter (where status = 'accepted') as pending,
    coalesce(extract(epoch from clock_timestamp() - min(accepted_at) filter (where status = 'accepted')), 0)::float8
      as oldest_pending_seconds,
    count(*) filter (where status = 'dead') as dead,
    (select count(*) from findings where resolved_at is null) as findings_open
  from commands where status in ('accepted', 'dead')`;

type Probed = Health['queue'] & { findings_open: number };

export async function startProbe({ db, metrics, isRedisConnected, connections }: ProbeOptions): Promise<Probe> {
  let queue: Health['queue'] = { pending: 0, oldest_pending_seconds: 0, dead: 0 };
  let postgres_connected = false;
  let draining = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    try {
      const { rows } = await inTime(db.query<Probed>({ name: 'probe-queue', text: QUEUE }));
      const { findings_open, ...counts } = rows[0]!;
      queue = counts;
      metrics.findingsOpen.set(findings_open);
      postgres_connected = true;
      metrics.pending.set(queue.pending);
      metrics.oldestPending.set(queue.oldest_pending_seconds);
    } catch {
      postgres_connected = false;
    }
    if (!closed) timer = setTimeout(() => void look(), EVERY_MS).unref();
  }

  function health(): Health {
    const redis_connected = isRedisConnected();
    return {
      healthy: postgres_connected,
      degraded: postgres_connected && redis_connected === false,
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
    isReady: () => postgres_connected && !draining,
    drain: () => {
      draining = true;
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Postgres does not answer')), PATIENCE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
