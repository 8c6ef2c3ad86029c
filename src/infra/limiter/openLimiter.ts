/** The limiter of a process, in the Redis that may forget where one is named. */
import type { Backbone } from '../process/backbone.ts';
import { redisAccess } from '../process/config.ts';
import { openRedis } from '../redis/redis.ts';
import { createLimiter } from './createLimiter.ts';
import type { Limiter } from './limiter.ts';

/** @throws with advice where that Redis is not fit */
export async function openLimiter(backbone: Backbone): Promise<Limiter> {
  const { config, process, prefix, redis, heartbeat, metrics, log } = backbone;
  const { REDIS_CACHE_URL: url } = config;
  const access = redisAccess(config);
  const cache = url === undefined ? undefined : openRedis({ url, access, process, prefix, log, mayEvict: true });
  await cache?.demandFit();
  const limiter = createLimiter({ prefix, alive: heartbeat.alive, metrics, log }, cache ?? redis);
  return {
    ...limiter,
    close() {
      limiter.close();
      cache?.close();
    },
  };
}
