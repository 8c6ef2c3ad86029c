/**
 * Leases of observations in Redis, by its own clock. Since when relays have said them without a gap stands beside them,
 * and is gone after a gap and when all is wiped.
 */
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';
import { gapOf, isWhole, type Lapses, type ObserverLeases, type ObserverOptions, REMEMBERED_MS } from './observers.ts';

/** KEYS: when each lease runs out, and since when there was no gap. */
const PRELUDE = `
local ends, since = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local began = tonumber(redis.call('GET', since) or now)
`;

const SCRIPTS = {
  observers_hold: `${PRELUDE}
    redis.call('SET', since, began, 'PX', ARGV[3])
    for i = 4, #ARGV do redis.call('ZADD', ends, now + tonumber(ARGV[1]), ARGV[i]) end
    redis.call('ZREMRANGEBYSCORE', ends, '-inf', now - tonumber(ARGV[2]))`,
  observers_lapses: `${PRELUDE}
    local found = { now - began }
    for i = 1, #ARGV do
      local score = redis.call('ZSCORE', ends, ARGV[i])
      table.insert(found, score and tostring(now - tonumber(score)) or '')
    end
    return found`,
} as const;

const AT_ONCE = 500;
const PATIENCE_MS = 1_000;

type Run = (...values: (string | number)[]) => Promise<unknown>;

/** @param prefix keeps installations that share a Redis apart */
export function createRedisObservers(redis: RedisServer, prefix: string, options: ObserverOptions): ObserverLeases {
  const keys = [`${prefix}presence:observers`, `${prefix}presence:observers-since`];
  const scripts = Object.fromEntries(
    Object.entries(SCRIPTS).map(([name, lua]) => [name, { numberOfKeys: keys.length, lua }]),
  );
  const { client, ask, close } = openLazily(redis, 'observers', scripts, PATIENCE_MS);

  function run(name: keyof typeof SCRIPTS, ...values: (string | number)[]): Promise<unknown> {
    const asked = client as unknown as { [script: string]: Run };
    return ask(() => asked[name]!(...keys, ...values));
  }

  async function hold(observation_ids: readonly string[]): Promise<void> {
    const times = [options.lease_ms, REMEMBERED_MS, gapOf(options)];
    for (let i = 0; i === 0 || i < observation_ids.length; i += AT_ONCE) {
      await run('observers_hold', ...times, ...observation_ids.slice(i, i + AT_ONCE));
    }
  }

  async function lapses(observation_ids: readonly string[]): Promise<Lapses> {
    const [known_ms, ...found] = (await run('observers_lapses', ...observation_ids)) as [number, ...string[]];
    const lapsed_ms = found.map((text) => (text === '' ? null : Number(text)));
    return { lapsed_ms, known_ms, is_whole: isWhole(known_ms, options) };
  }

  return { hold, lapses, close: async () => close() };
}
