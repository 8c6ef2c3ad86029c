/**
 * The cache in Redis: one string for each entry, and one sorted set for each user that names the entries which speak of them. All keys
 * have the hash tag of the installation and a time to live; what has none is not of our making and is swept.
 */
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';
import type { CacheEntries, CacheSweep } from './cacheEntries.ts';
import { LONGEST_MS } from './cacheKinds.ts';

/** KEYS: the entry, and the counts. ARGV: for how long it then lives, or 0, and for how long the counts are kept. */
const GET = `
local text = redis.call('GET', KEYS[1])
redis.call('HINCRBY', KEYS[2], text and 'hits' or 'misses', 1)
redis.call('PEXPIRE', KEYS[2], ARGV[2])
if text and ARGV[1] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return text`;

/**
 * KEYS: the entry, that it was just dropped, what is kept of its user, by when that ends, and that this was just dropped. Those that have ended make room, some
 * at a time; one that was looked at may live on. An entry that could not be dropped with the others is not kept. ARGV: the text, for
 * how long it lives and the names are kept, how many names there may be, and how many are looked at, and now.
 */
const PUT = `
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
if KEYS[3] then
  if redis.call('EXISTS', KEYS[4]) == 1 then return 0 end
  local now = tonumber(ARGV[6])
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, tonumber(ARGV[5]))) do
    local left = redis.call('PTTL', key)
    if left > 0 then redis.call('ZADD', KEYS[3], now + left, key) else redis.call('ZREM', KEYS[3], key) end
  end
  if not redis.call('ZSCORE', KEYS[3], KEYS[1]) and redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[4]) then return 0 end
  redis.call('ZADD', KEYS[3], now + tonumber(ARGV[2]), KEYS[1])
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/** KEYS: the entry, and that it was just dropped. */
const DROP = `
redis.call('SET', KEYS[2], '', 'PX', ARGV[1])
return redis.call('DEL', KEYS[1])`;

/** KEYS: what is kept of a user, and that it was just dropped. Those whose time was over count for nothing. */
const DROP_USER = `
redis.call('SET', KEYS[2], '', 'PX', ARGV[1])
local dropped = 0
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do dropped = dropped + redis.call('DEL', key) end
redis.call('DEL', KEYS[1])
return dropped`;

const MOST_OF_USER = 1_000;
const LOOKED_AT_ONCE = 50;
const COUNTS_KEPT_MS = 30 * 86_400_000;
const SCANNED_AT_ONCE = 1_000;
/** A server with more keys than this times as many as are scanned at once is counted in part. */
const MOST_SCANS = 500;

type Run<Answer> = (count: number, ...values: (string | number)[]) => Promise<Answer>;
interface Scripts {
  cache_get: Run<string | null>;
  cache_put: Run<number>;
  cache_drop: Run<number>;
  cache_drop_user: Run<number>;
}

/** @param prefix keeps installations that share a Redis apart */
export function createRedisEntries(redis: RedisServer, prefix: string): CacheEntries {
  const lua = {
    ...{ cache_get: { lua: GET }, cache_put: { lua: PUT } },
    ...{ cache_drop: { lua: DROP }, cache_drop_user: { lua: DROP_USER } },
  };
  const { client, ask, close } = openLazily(redis, 'cache', lua);
  const scripts = client as unknown as Scripts;
  const own = `${prefix}cache:`;
  const entryOf = (key: string) => `${own}entry:${key}`;
  const userOf = (id: string) => [`${own}names:${id}`, `${own}names:${id}:shut`];
  const placeOf = (key: string) => [entryOf(key), `${own}dropped:${key}`];
  const counts = `${own}counts`;

  /** Pieces of our keys, and of nobody else's. */
  async function* keys(pattern: string): AsyncGenerator<string[]> {
    let cursor = '0';
    for (let scans = 0; scans < MOST_SCANS; scans += 1) {
      const scan = () => client.scan(cursor, 'MATCH', pattern, 'COUNT', SCANNED_AT_ONCE);
      const [next, found] = await ask(scan);
      yield found;
      if (next === '0') return;
      cursor = next;
    }
  }

  async function cleanUp(isOver: () => boolean): Promise<CacheSweep> {
    let [before, removed] = [0, 0];
    for await (const found of keys(`${own}*`)) {
      before += found.length;
      const lives = await Promise.all(found.map((key) => ask(() => client.pttl(key))));
      const endless = found.filter((_, i) => lives[i] === -1);
      if (endless.length > 0) removed += await ask(() => client.unlink(...endless));
      if (isOver()) break;
    }
    return { before, after: before - removed, removed };
  }

  return {
    async get(key, slides_ms) {
      const text = await ask(() => scripts.cache_get(2, entryOf(key), counts, slides_ms, COUNTS_KEPT_MS));
      return text ?? undefined;
    },
    async put(key, text, ttl_ms, user_id) {
      const named = user_id === undefined ? placeOf(key) : [...placeOf(key), ...userOf(user_id)];
      const bounds = [LONGEST_MS, MOST_OF_USER, LOOKED_AT_ONCE];
      await ask(() => scripts.cache_put(named.length, ...named, text, ttl_ms, ...bounds, Date.now()));
    },
    drop: async (key, shut_ms) => void (await ask(() => scripts.cache_drop(2, ...placeOf(key), shut_ms))),
    dropUser: (user_id, shut_ms) => ask(() => scripts.cache_drop_user(2, ...userOf(user_id), shut_ms)),
    async read() {
      let total_keys = 0;
      for await (const found of keys(`${own}entry:*`)) total_keys += found.length;
      const [memory, server, read] = await ask(() =>
        Promise.all([client.info('memory'), client.info('server'), client.hmget(counts, 'hits', 'misses')]),
      );
      const [hits, misses] = read.map(Number);
      const used_memory = numberIn(memory, 'used_memory');
      return { total_keys, used_memory, hits: hits!, misses: misses!, uptime: numberIn(server, 'uptime_in_seconds') };
    },
    cleanUp,
    close,
  };
}

function numberIn(text: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}
