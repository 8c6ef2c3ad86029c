/** A limiter as a process opens one, with what it tells. */
import { randomUUID } from 'node:crypto';
import { createLimiter, type LimiterOptions } from '../../src/infra/limiter/createLimiter.ts';
import type { Limiter, LimitType } from '../../src/infra/limiter/limiter.ts';
import type { RedisServer } from '../../src/infra/redis/redis.ts';
import { createMetrics, type Metrics } from '../../src/infra/telemetry/metrics.ts';

export interface ToldLimiter extends Limiter {
  metrics: Metrics;
  /** What it wrote to the log, in order. */
  told: string[];
}

export const ALONE = { api: 1, worker: 1, relay: 1, scheduler: 1, signer: 1 };

export function openTestLimiter(redis?: RedisServer, options: Partial<LimiterOptions> = {}): ToldLimiter {
  const metrics = createMetrics();
  const told: string[] = [];
  const tell = (_: object, text: string) => void told.push(text);
  const log = { error: tell, info: tell } as unknown as LimiterOptions['log'];
  const limiter = createLimiter({ prefix: `${randomUUID()}:`, alive: () => ALONE, metrics, log, ...options }, redis);
  return { ...limiter, metrics, told };
}

/** One try within a minute. */
export const tryOf = (identifier: string, limit: number, type: LimitType = 'general_api') => ({
  ...{ type, identifier, limit, window_ms: 60_000 },
});
