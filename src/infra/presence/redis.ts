/**
 * Presence in Redis. Every question is one script on Redis's own clock, so that no machine's clock counts and no two
 * relays come between each other. Whatever Redis loses, relays say again within one refresh.
 */
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';
import { type Change, keyOf, type Person, type Presence, type PresenceOptions, personOf } from './presence.ts';

/**
 * KEYS: `leases` holds `<person> <relay>` and `people` each person, both by when they run out; `relays` all that ever
 * held one lately; `changes` whoever came or went, by when that is to be told.
 */
const KEYS = ['leases', 'people', 'relays', 'changes'];

const PRELUDE = `
local leases, people, relays, changes = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, person in ipairs(redis.call('ZRANGEBYSCORE', people, '-inf', now)) do
  redis.call('ZREM', people, person)
  redis.call('ZADD', changes, now + tonumber(ARGV[1]), person)
end
redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
redis.call('ZREMRANGEBYSCORE', relays, '-inf', now)
`;

/** ARGV: flicker_ms, then of each script what it needs. */
const SCRIPTS = {
  hold: `${PRELUDE}
    local relay, expiry = ARGV[2], now + tonumber(ARGV[3])
    redis.call('ZADD', relays, expiry, relay)
    for i = 4, #ARGV do
      redis.call('ZADD', leases, expiry, ARGV[i] .. ' ' .. relay)
      if redis.call('ZADD', people, expiry, ARGV[i]) == 1 then redis.call('ZADD', changes, now, ARGV[i]) end
    end`,
  release: `${PRELUDE}
    local others = redis.call('ZRANGE', relays, 0, -1)
    for i = 3, #ARGV do
      redis.call('ZREM', leases, ARGV[i] .. ' ' .. ARGV[2])
      local last = 0
      for _, relay in ipairs(others) do
        last = math.max(last, tonumber(redis.call('ZSCORE', leases, ARGV[i] .. ' ' .. relay) or 0))
      end
      if last > 0 then redis.call('ZADD', people, last, ARGV[i])
      else
        redis.call('ZREM', people, ARGV[i])
        redis.call('ZADD', changes, now + tonumber(ARGV[1]), ARGV[i])
      end
    end`,
  changed: `${PRELUDE}
    local told = {}
    for _, person in ipairs(redis.call('ZRANGEBYSCORE', changes, '-inf', now, 'LIMIT', 0, tonumber(ARGV[2]))) do
      table.insert(told, person)
      table.insert(told, redis.call('ZSCORE', people, person) and 1 or 0)
    end
    return told`,
  acknowledge: `${PRELUDE}
    for i = 2, #ARGV, 2 do
      local isPresent = redis.call('ZSCORE', people, ARGV[i]) and '1' or '0'
      if isPresent == ARGV[i + 1] then redis.call('ZREM', changes, ARGV[i]) end
    end`,
  present: `${PRELUDE}
    local found = {}
    for i = 2, #ARGV do table.insert(found, redis.call('ZSCORE', people, ARGV[i]) and 1 or 0) end
    return found`,
} as const;

const PEOPLE_AT_ONCE = 500;
const PATIENCE_MS = 1_000;

type Run = (...values: (string | number)[]) => Promise<unknown>;

/** @param prefix keeps installations that share a Redis apart */
export function createRedisPresence(
  redis: RedisServer,
  prefix: string,
  { lease_ms, flicker_ms }: PresenceOptions,
): Presence {
  const keys = KEYS.map((name) => `${prefix}presence:${name}`);
  const scripts = Object.fromEntries(
    Object.entries(SCRIPTS).map(([name, lua]) => [`presence_${name}`, { numberOfKeys: keys.length, lua }]),
  );
  const { client, ask, close } = openLazily(redis, 'presence', scripts, PATIENCE_MS);

  function run(name: keyof typeof SCRIPTS, ...values: (string | number)[]): Promise<unknown> {
    const asked = client as unknown as { [script: string]: Run };
    return ask(() => asked[`presence_${name}`]!(...keys, flicker_ms, ...values));
  }

  /** All parts go out at once, in order. */
  async function inParts(people: readonly Person[], send: (keys: string[]) => Promise<unknown>): Promise<void> {
    const parts: Promise<unknown>[] = [];
    for (let i = 0; i < people.length; i += PEOPLE_AT_ONCE) {
      parts.push(send(people.slice(i, i + PEOPLE_AT_ONCE).map(keyOf)));
    }
    await Promise.all(parts);
  }

  async function changed(limit: number): Promise<Change[]> {
    const told = (await run('changed', limit)) as (string | number)[];
    const found: Change[] = [];
    for (let i = 0; i < told.length; i += 2) {
      found.push({ ...personOf(String(told[i])), is_present: told[i + 1] === 1 });
    }
    return found;
  }

  return {
    hold: (relay, people) => inParts(people, (some) => run('hold', relay, lease_ms, ...some)),
    release: (relay, people) => inParts(people, (some) => run('release', relay, ...some)),
    changed,
    acknowledge: async (changes) =>
      void (await run('acknowledge', ...changes.flatMap((one) => [keyOf(one), one.is_present ? '1' : '0']))),
    arePresent: async (people) => ((await run('present', ...people.map(keyOf))) as number[]).map((one) => one === 1),
    close: async () => close(),
  };
}
