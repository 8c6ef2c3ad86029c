/** What is kept of matches in Redis: the latest state of each tier, and a stream of each match's events. All of it expires. */
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';
import {
  isEvent,
  isTierState,
  latestOf,
  type MatchEvent,
  type MatchStore,
  SNAPSHOT_MS,
  STREAM_LENGTH,
  STREAM_MS,
  snapshotKey,
  streamKey,
  TIERS,
  type Tier,
  type TierState,
} from './matchFanout.ts';

/**
 * KEYS: of the states by tier, and of the stream. ARGV: the tier from 1, the version, the state as text, for how many
 * milliseconds, the stream's length, for how many milliseconds, the lowest number of an event, and each event. The text names
 * its version first. What comes late of a match that was withdrawn since is not kept. An event that is shown differently now
 * takes the place of what was kept of it.
 */
const SCRIPTS = {
  match_keep: {
    numberOfKeys: 4,
    lua: `
      local WITHDRAWN = '^{"version":(%d+),"seq":%d+,"state":{"withdrawn":true}}$'
      local tier, version = tonumber(ARGV[1]), tonumber(ARGV[2])
      local withdrawn = tonumber(string.match(redis.call('GET', KEYS[1]) or '', WITHDRAWN))
      if withdrawn and withdrawn >= version then return end
      local kept = redis.call('GET', KEYS[tier])
      local before = kept and tonumber(string.match(kept, '^{"version":(%d+)'))
      if not before or before <= version then
        redis.call('SET', KEYS[tier], ARGV[3], 'PX', ARGV[4])
        if tier == 1 and string.match(ARGV[3], WITHDRAWN) then return redis.call('DEL', KEYS[2], KEYS[3], KEYS[4]) end
      end
      if #ARGV == 7 then return end
      local last = redis.call('XREVRANGE', KEYS[4], '+', '-', 'COUNT', 1)[1]
      if last and tonumber(ARGV[7]) <= cjson.decode(last[2][2]).seq then
        local told = {}
        for i = 8, #ARGV do told[cjson.decode(ARGV[i]).seq] = true end
        for _, entry in ipairs(redis.call('XRANGE', KEYS[4], '-', '+')) do
          if told[cjson.decode(entry[2][2]).seq] then redis.call('XDEL', KEYS[4], entry[1]) end
        end
      end
      for i = 8, #ARGV do redis.call('XADD', KEYS[4], 'MAXLEN', ARGV[5], '*', 'event', ARGV[i]) end
      redis.call('PEXPIRE', KEYS[4], ARGV[6])`,
  },
};

const PATIENCE_MS = 1_000;

type Keep = (...values: (string | number)[]) => Promise<unknown>;
type Entry = [id: string, fields: string[]];

/** @param prefix keeps installations that share a Redis apart */
export function createRedisMatches(
  redis: RedisServer,
  prefix: string,
  { snapshot_ms = SNAPSHOT_MS, stream_ms = STREAM_MS } = {},
): MatchStore {
  const { client, ask, close } = openLazily(redis, 'matches', SCRIPTS, PATIENCE_MS);

  async function keepAll(match_id: string, tier: Tier, kept: TierState, events: readonly MatchEvent[]): Promise<void> {
    const { version, seq, state } = kept;
    const keys = [...TIERS.map((one) => snapshotKey(match_id, one)), streamKey(match_id)].map((key) => prefix + key);
    const bounds = [snapshot_ms, STREAM_LENGTH, stream_ms];
    const texts = events.map((event) => JSON.stringify(event));
    const lowest = Math.min(...events.map((event) => event.seq), seq);
    const { match_keep: keep } = client as unknown as { match_keep: Keep };
    const text = JSON.stringify({ version, seq, state });
    await ask(() => keep.call(client, ...keys, tier + 1, version, text, ...bounds, lowest, ...texts));
  }

  async function readState(match_id: string, tier: Tier): Promise<TierState | undefined> {
    const kept = parsed(await ask(() => client.get(prefix + snapshotKey(match_id, tier))));
    return isTierState(kept) ? kept : undefined;
  }

  async function readEvents(match_id: string): Promise<MatchEvent[]> {
    const entries = (await ask(() => client.xrange(prefix + streamKey(match_id), '-', '+'))) as Entry[];
    return latestOf(entries.map(([, fields]) => parsed(fields[1] ?? null)).filter(isEvent));
  }

  return {
    keep: ({ match_id, tier, events, ...state }) => keepAll(match_id, tier, state, events),
    keepState: (match_id, tier, state) => keepAll(match_id, tier, state, []),
    readState,
    readEvents,
    close,
  };
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
