/**
 * Sliding windows in Redis, a sorted set for each: the tries by when they were admitted. One script on Redis's own clock
 * looks at all windows of a try and adds to all or none; tries that come at the same time go in one script, in order.
 * A set never has more members than its limit, and is gone when its last try has left the window. All keys have one hash
 * tag, that of the installation.
 */
import { randomBytes } from 'node:crypto';
import { createBatcher } from '../../core/batcher.ts';
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';
import type { Taken, Window, Windows } from './limiter.ts';

const SERVER_CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * KEYS: the windows of all decisions. ARGV: for each decision its new member and how many windows it has, then the limit
 * and the length of each. Decisions are made one after the other. The first write is one that a full Redis refuses: behind
 * any other it would let the script write on.
 */
const TAKE = `
local key, arg, verdicts = 0, 1, {}
while arg < #ARGV do
  local member, count = ARGV[arg], tonumber(ARGV[arg + 1])
  local full, wait, states, seen = 0, -1, { 0 }, {}
  for i = 1, count do
    local name = KEYS[key + i]
    local limit, window = tonumber(ARGV[arg + 2 * i]), tonumber(ARGV[arg + 2 * i + 1])
    local latest = redis.call('ZRANGE', name, -1, -1, 'WITHSCORES')[2]
    -- A clock that was set back must not shut anybody out for as long: what lies ahead of it is of now.
    if latest and tonumber(latest) > now then
      for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', name, '(' .. now, '+inf')) do
        redis.call('ZADD', name, now, ahead)
        redis.call('PEXPIRE', name, window)
      end
    end
    local held, first = 0, nil
    if latest then
      local since = '(' .. now - window
      held = redis.call('ZCOUNT', name, since, '+inf')
      -- Of a limit that was lowered since, more than the oldest must leave.
      local leaving = math.max(0, held - limit)
      first = redis.call('ZRANGEBYSCORE', name, since, '+inf', 'WITHSCORES', 'LIMIT', leaving, 1)[2]
    end
    local reset = (first or now) + window - now
    if held >= limit and reset > wait then full, wait = i, reset end
    seen[i] = latest
    states[2 * i], states[2 * i + 1] = limit - held - 1, reset
  end
  if full > 0 then states = { full, wait } end
  for i = 1, full > 0 and 0 or count do
    local name, window = KEYS[key + i], ARGV[arg + 2 * i + 1]
    redis.call('ZADD', name, now, member)
    if seen[i] then redis.call('ZREMRANGEBYSCORE', name, '-inf', now - tonumber(window)) end
    redis.call('PEXPIRE', name, window)
  end
  table.insert(verdicts, states)
  key, arg = key + count, arg + 2 + 2 * count
end
return verdicts`;

/** A decision takes Redis some tens of microseconds: others that share it wait for no more than a millisecond or two. */
const DECISIONS_AT_ONCE = 50;

type Run = (count: number, ...values: (string | number)[]) => Promise<number[][]>;

/**
 * @param prefix keeps installations that share a Redis apart
 * @param clock Lua that sets `now`, in milliseconds
 */
export function createRedisWindows(redis: RedisServer, prefix: string, clock = SERVER_CLOCK): Windows {
  const { client, ask, close } = openLazily(redis, 'limiter', { limiter_take: { lua: `${clock}${TAKE}` } });
  const run = (client as unknown as { limiter_take: Run }).limiter_take.bind(client);
  const decisions = createBatcher<readonly Window[], Taken>(DECISIONS_AT_ONCE, takeAll, () => true);
  const self = randomBytes(6).toString('base64url');
  let tries = 0;

  /** What comes while Redis is asked is asked together: a round trip costs more than a decision. */
  async function takeAll(asked: (readonly Window[])[]): Promise<Taken[]> {
    const keys = asked.flatMap((windows) => windows.map(({ key }) => `${prefix}ratelimit:${key}`));
    const values = asked.flatMap((windows) => [
      `${self}.${(tries++).toString(36)}`,
      windows.length,
      ...windows.flatMap(({ limit, window_ms }) => [limit, window_ms]),
    ]);
    const verdicts = await ask(() => run(keys.length, ...keys, ...values));
    return asked.map((windows, i) => takenOf(windows, verdicts[i]!));
  }

  return { take: decisions.push, close };
}

function takenOf(windows: readonly Window[], [full, ...numbers]: number[]): Taken {
  if (full! > 0) return { full: full! - 1, limit: windows[full! - 1]!.limit, retry_after_ms: numbers[0]! };
  const states = windows.map(({ limit }, i) => ({ limit, remaining: numbers[2 * i]!, reset_ms: numbers[2 * i + 1]! }));
  return { states };
}
