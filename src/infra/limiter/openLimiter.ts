/** The limiter of a process, in the Redis that may forget where one is named. */
import type { Backbone } from '../process/backbone.ts';
import { openCache } from '../redis/openCache.ts';
import { createLimiter } from './createLimiter.ts';
import type { Limiter } from './limiter.ts';

/** @throws with advice where that Redis is not fit */
export async function openLimiter(backbone: Backbone): Promise<Limiter> {
  const { prefix, redis, heartbeat, metrics, log } = backbone;
  const cache = await openCache(backbone);
  const limiter = createLimiter({ prefix, alive: heartbeat.alive, metrics, log }, cache ?? redis);
  return {
    ...limiter,
    close() {
      limiter.close();
      cache?.close();
    },
  };
}
