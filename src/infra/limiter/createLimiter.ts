/** A limiter in this process's memory, or in Redis where there is one; without Redis for a while, memory stands in. */
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Limited, Limiter, LimiterOptions } from './limiter.ts';

const WINDOW_SECONDS = 60;
const CONNECT_WITHIN_MS = 1_000;

/** Resolves when Redis is there, or soon without it: what memory has counted by then is nobody else's to know. */
export async function createLimiter(
  options: LimiterOptions,
  redisUrl: string | undefined,
  onError: (error: Error) => void,
): Promise<Limiter> {
  const { perMinute: points, prefix, what } = options;
  if (points === 0) return { what, consume: async () => UNLIMITED, close: async () => {} };
  const shape = {
    points,
    duration: WINDOW_SECONDS,
    keyPrefix: what === 'requests' ? `${prefix}limit` : `${prefix}limit:${what}`,
  };
  const memory = new RateLimiterMemory(shape);
  if (redisUrl === undefined) return { what, consume: (key) => consume(memory, points, key), close: async () => {} };
  const retryStrategy = (tries: number) => Math.min(100 * tries, 1_000);
  const redis = new Redis(redisUrl, {
    retryStrategy,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 250,
  });
  redis.on('error', onError);
  await new Promise<void>((resolve) => {
    const late = setTimeout(resolve, CONNECT_WITHIN_MS);
    redis.once('ready', () => {
      clearTimeout(late);
      resolve();
    });
  });
  const limiter = new RateLimiterRedis({ ...shape, storeClient: redis, insuranceLimiter: memory });
  return { what, consume: (key) => consume(limiter, points, key), close: async () => redis.disconnect() };
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
