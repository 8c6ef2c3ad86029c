/** The Redis that may forget, where one is named: for rate limits and what the guard counts. */
import type { Backbone } from '../process/backbone.ts';
import { redisAccess } from '../process/config.ts';
import { openRedis, type RedisServer } from './redis.ts';

/** @throws with advice where that Redis is not fit */
export async function openCache({ config, process, prefix, log }: Backbone): Promise<RedisServer | undefined> {
  const { REDIS_CACHE_URL: url } = config;
  const cache =
    url === undefined
      ? undefined
      : openRedis({ url, access: redisAccess(config), process, prefix, log, mayEvict: true });
  await cache?.demandFit();
  return cache;
}
