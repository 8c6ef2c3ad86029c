/** What is kept of matches in Redis: the latest state of each tier, and a stream of each match's events. All of it expires. */
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';
import {
  isEvent,
  isTierState,
  isWithdrawn,
  latestOf,
  type MatchEvent,
  type MatchStore,
  SNAPSHOT_MS,
  STREAM_LENGTH,
  STREAM_MS,
  snapshotKey,
  streamKey,
  type Tier,
  type TierState,
} from './matchFanout.ts';

/**
 * KEYS: of the state, and of the stream. ARGV: the version, the state as text, for how many milliseconds, the stream's
 * length, for how many milliseconds, the lowest number of an event, and each event. The text names its version first. An
 * event that is shown differently now takes the place of what was kept of it.
 */
const SCRIPTS = {
  match_keep: {
    numberOfKeys: 2,
    lua: `
      local kept = redis.call('GET', KEYS[1])
      local before = kept and tonumber(string.match(kept, '^{"version":(%d+)'))
      if not before or before <= tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
      if #ARGV == 6 then return end
      local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
      if last and tonumber(ARGV[6]) <= cjson.decode(last[2][2]).seq then
        local told = {}
        for i = 7, #ARGV do told[cjson.decode(ARGV[i]).seq] = true end
        for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '+')) do
          if told[cjson.decode(entry[2][2]).seq] then redis.call('XDEL', KEYS[2], entry[1]) end
        end
      end
      for i = 7, #ARGV do redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[4], '*', 'event', ARGV[i]) end
      redis.call('PEXPIRE', KEYS[2], ARGV[5])`,
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
    const keys = [prefix + snapshotKey(match_id, tier), prefix + streamKey(match_id)];
    const bounds = [snapshot_ms, STREAM_LENGTH, stream_ms];
    const texts = events.map((event) => JSON.stringify(event));
    const lowest = Math.min(...events.map((event) => event.seq), seq);
    const { match_keep: keep } = client as unknown as { match_keep: Keep };
    const text = JSON.stringify({ version, seq, state });
    await ask(() => keep.call(client, ...keys, version, text, ...bounds, lowest, ...texts));
  }

  async function forget(match_id: string): Promise<void> {
    const keys = [...([1, 2] as const).map((tier) => snapshotKey(match_id, tier)), streamKey(match_id)];
    await ask(() => client.del(...keys.map((key) => prefix + key)));
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
    async keep({ match_id, tier, events, ...state }) {
      await keepAll(match_id, tier, state, events);
      if (isWithdrawn(state)) await forget(match_id);
    },
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
