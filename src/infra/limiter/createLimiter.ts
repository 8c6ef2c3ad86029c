/** A limiter in this process's memory, or in Redis where there is one; without Redis for a while, memory stands in. */
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisServer } from '../redis/redis.ts';
import type { Limited, Limiter, LimiterOptions } from './limiter.ts';

const WINDOW_SECONDS = 60;
const CONNECT_WITHIN_MS = 1_000;

/** Resolves when Redis is there, or soon without it: what memory has counted by then is nobody else's to know. */
export async function createLimiter(options: LimiterOptions, redis: RedisServer | undefined): Promise<Limiter> {
  const { perMinute: points, prefix, what } = options;
  if (points === 0) return { what, consume: async () => UNLIMITED, close: async () => {} };
  const shape = {
    points,
    duration: WINDOW_SECONDS,
    keyPrefix: what === 'requests' ? `${prefix}limit` : `${prefix}limit:${what}`,
  };
  const memory = new RateLimiterMemory(shape);
  if (redis === undefined) return { what, consume: (key) => consume(memory, points, key), close: async () => {} };
  const client = redis.open(`limit-${what}`, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  await new Promise<void>((resolve) => {
    const late = setTimeout(resolve, CONNECT_WITHIN_MS);
    client.once('ready', () => {
      clearTimeout(late);
      resolve();
    });
  });
  const shared = new RateLimiterRedis({ ...shape, storeClient: client });
  return {
    what,
    consume: (key) => redis.ask(() => consume(shared, points, key)).catch(() => consume(memory, points, key)),
    close: async () => client.disconnect(),
  };
}

const UNLIMITED: Limited = { allowed: true, limit: 0, remaining: 0, reset_ms: 0 };

async function consume(limiter: RateLimiterMemory | RateLimiterRedis, limit: number, key: string): Promise<Limited> {
  try {
    const { remainingPoints, msBeforeNext } = await limiter.consume(key);
    return { allowed: true, limit, remaining: remainingPoints, reset_ms: msBeforeNext };
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    return { allowed: false, limit, remaining: 0, reset_ms: refusal.msBeforeNext };
  }
}
