/**
 * Demand in Redis, by its own clock: a sorted set for each match, whose members are connections and whose scores are when
 * each was said last. What has run out is swept whenever it is counted; a set that nobody says again expires.
 */
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';
import type { Demand, Leases } from './demand.ts';

const NOW = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** KEYS: of matches. ARGV: the length of a lease, and connections of the one match. */
const SCRIPTS = {
  demand_hold: {
    lua: `${NOW}
      for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now, ARGV[i]) end
      redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
      redis.call('PEXPIRE', KEYS[1], ARGV[1])`,
  },
  demand_count: {
    lua: `${NOW}
      local counts = {}
      for i, key in ipairs(KEYS) do
        redis.call('ZREMRANGEBYSCORE', key, '-inf', now - ARGV[1])
        counts[i] = redis.call('ZCARD', key)
      end
      return counts`,
  },
};

const AT_ONCE = 500;
const PATIENCE_MS = 1_000;

type Run = (...values: (string | number)[]) => Promise<unknown>;

/** @param prefix keeps installations that share a Redis apart */
export function createRedisDemand(redis: RedisServer, prefix: string, { lease_ms }: { lease_ms: number }): Demand {
  const { client, ask, close } = openLazily(redis, 'demand', SCRIPTS, PATIENCE_MS);
  const { demand_hold, demand_count } = client as unknown as Record<keyof typeof SCRIPTS, Run>;
  const keyOf = (match_id: string) => `${prefix}demand:match:${match_id}`;

  /** In parts that keep Redis busy for a moment only, one after the other. */
  async function askInParts<T, R>(parts: readonly T[], question: (part: T) => Promise<R>): Promise<R[]> {
    return parts.length === 0 ? [] : ask(() => Promise.all(parts.map(question)));
  }

  async function hold(leases: Leases): Promise<void> {
    await askInParts(partsOf(leases), ([match_id, some]) =>
      demand_hold.call(client, 1, keyOf(match_id), lease_ms, ...some),
    );
  }

  async function release(leases: Leases): Promise<void> {
    await askInParts(partsOf(leases), ([match_id, some]) => client.zrem(keyOf(match_id), ...some));
  }

  async function demandOf(match_ids: readonly string[]): Promise<number[]> {
    const counts = await askInParts(inParts(match_ids), (some) =>
      demand_count.call(client, some.length, ...some.map(keyOf), lease_ms),
    );
    return (counts as number[][]).flat();
  }

  return { hold, release, demandOf, close };
}

function partsOf(leases: Leases): [match_id: string, some: readonly string[]][] {
  return [...leases].flatMap(([match_id, all]) => inParts(all).map((some) => [match_id, some] as [string, string[]]));
}

function inParts(all: readonly string[]): (readonly string[])[] {
  const parts: (readonly string[])[] = [];
  for (let i = 0; i < all.length; i += AT_ONCE) parts.push(all.slice(i, i + AT_ONCE));
  return parts;
}
