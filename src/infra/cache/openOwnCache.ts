/** The cache of a process, opened when something is first asked of it: on the Redis that may evict, where one is named. */
import { openRedis, type RedisServer, type RedisServerOptions } from '../redis/redis.ts';
import { type Cache, type CacheOptions, createCache } from './cache.ts';

interface Options extends CacheOptions {
  /** Of a Redis for it alone. */
  own: RedisServerOptions | undefined;
}

/** Processes that never ask never connect. */
export function openOwnCache({ own, redis, ...options }: Options): Cache {
  let server: RedisServer | undefined;
  let opened: Cache | undefined;

  function cache(): Cache {
    if (opened) return opened;
    server = own && openRedis({ ...own, mayEvict: true });
    opened = createCache({ ...options, redis: server ?? redis });
    return opened;
  }

  return {
    get: (...asked) => cache().get(...asked),
    put: (...given) => cache().put(...given),
    drop: (...named) => cache().drop(...named),
    invalidateUser: (user_id) => cache().invalidateUser(user_id),
    read: () => cache().read(),
    cleanUp: (isOver) => cache().cleanUp(isOver),
    close() {
      opened?.close();
      server?.close();
    },
  };
}
