/**
 * Sliding windows in Redis, a sorted set for each: the tries by when they were admitted. One script on Redis's own clock
 * looks at all windows of a try and adds to all or none. A set never has more members than its limit, and is gone when
 * its last try has left the window. All keys have one hash tag, that of the installation.
 */
import { randomBytes } from 'node:crypto';
import type { RedisServer } from '../redis/redis.ts';
import type { Taken, Window, Windows } from './limiter.ts';

const SERVER_CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * KEYS: the windows. ARGV: the new member, then the limit and the length of each window. The first write is one that a
 * full Redis refuses: behind any other it would let the script write on.
 */
const TAKE = `
local full, wait, states = 0, -1, { 0 }
for i, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  -- A clock that was set back must not shut anybody out for as long: what lies ahead of it is of now.
  for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. now, '+inf')) do
    redis.call('ZADD', key, now, ahead)
    redis.call('PEXPIRE', key, window)
  end
  local since = '(' .. now - window
  local count = redis.call('ZCOUNT', key, since, '+inf')
  -- Of a limit that was lowered since, more than the oldest must leave.
  local leaving = math.max(0, count - limit)
  local first = redis.call('ZRANGEBYSCORE', key, since, '+inf', 'WITHSCORES', 'LIMIT', leaving, 1)[2]
  local reset = (first or now) + window - now
  if count >= limit and reset > wait then full, wait = i, reset end
  table.insert(states, limit - count - 1)
  table.insert(states, reset)
end
if full > 0 then return { full, wait } end
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, now, ARGV[1])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - tonumber(ARGV[2 * i + 1]))
  redis.call('PEXPIRE', key, ARGV[2 * i + 1])
end
return states`;

/** Longer than a question takes: the first has to connect. */
const CONNECT_WITHIN_MS = 1_000;

type Run = (count: number, ...values: (string | number)[]) => Promise<number[]>;

/**
 * @param prefix keeps installations that share a Redis apart
 * @param clock Lua that sets `now`, in milliseconds
 */
export function createRedisWindows(redis: RedisServer, prefix: string, clock = SERVER_CLOCK): Windows {
  const client = redis.open('limiter', {
    // Where every limit is off nothing ever connects.
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    scripts: { limiter_take: { lua: `${clock}${TAKE}` } },
  });
  const run = (client as unknown as { limiter_take: Run }).limiter_take.bind(client);
  const self = randomBytes(6).toString('base64url');
  let connecting: Promise<void> | undefined;
  let tries = 0;

  async function take(windows: readonly Window[]): Promise<Taken> {
    const member = `${self}.${(tries++).toString(36)}`;
    const keys = windows.map(({ key }) => `${prefix}ratelimit:${key}`);
    const bounds = windows.flatMap(({ limit, window_ms }) => [limit, window_ms]);
    const ask = async () => {
      connecting ??= client.connect().catch(() => {});
      await connecting;
      return run(keys.length, ...keys, member, ...bounds);
    };
    const [full, ...numbers] = await redis.ask(ask, client.status === 'ready' ? undefined : CONNECT_WITHIN_MS);
    if (full! > 0) return { full: full! - 1, limit: windows[full! - 1]!.limit, retry_after_ms: numbers[0]! };
    const states = windows.map(({ limit }, i) => ({
      limit,
      remaining: numbers[2 * i]!,
      reset_ms: numbers[2 * i + 1]!,
    }));
    return { states };
  }

  return { take, close: () => client.disconnect() };
}
