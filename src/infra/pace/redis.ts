/**
 * Shared states in Redis, one string for each. A decision is made here, from what was read, and written only where that still
 * stands: a script compares and sets in one step. Time is Redis's own. All keys have the hash tag of the installation and a
 * time to live.
 */
import type { SharedStates } from '../../core/definitions/sharedStates.ts';
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';

const SERVER_CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

const READ = `
local answer = { now }
for i, key in ipairs(KEYS) do answer[i + 1] = redis.call('GET', key) or '' end
return answer`;

/** ARGV: what was read, what is to stand there, and for how many milliseconds. */
const SWAP = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** Of each round one wins, so only more processes than this at the same feed and moment can lose. */
const MOST_ROUNDS = 50;

type Run<Answer> = (count: number, ...values: (string | number)[]) => Promise<Answer>;

/**
 * @param prefix keeps installations that share a Redis apart
 * @param clock Lua that sets `now`, in milliseconds
 */
export function createRedisStates(redis: RedisServer, prefix: string, clock = SERVER_CLOCK): SharedStates {
  const lua = { pace_read: { lua: `${clock}${READ}` }, pace_swap: { lua: SWAP } };
  const { client, ask, close } = openLazily(redis, 'pace', lua);
  const scripts = client as unknown as { pace_read: Run<[number, ...string[]]>; pace_swap: Run<number> };

  const readTexts = (keys: readonly string[]) =>
    ask(() => scripts.pace_read(keys.length, ...keys.map((key) => `${prefix}${key}`)));

  return {
    async change(key, ttl_ms, decide) {
      for (let round = 0; round < MOST_ROUNDS; round += 1) {
        const [now, text] = (await readTexts([key])) as [number, string];
        const { state, answer } = decide(parsed(text), now);
        const next = JSON.stringify(state);
        if ((await ask(() => scripts.pace_swap(1, `${prefix}${key}`, text, next, ttl_ms))) === 1) return answer;
      }
      throw new Error('a shared state is changed too often');
    },
    async read<State>(keys: readonly string[]) {
      if (keys.length === 0) return { now: 0, states: [] };
      const [now, ...texts] = await readTexts(keys);
      return { now, states: texts.map((text) => parsed<State>(text)) };
    },
    close,
  };
}

function parsed<State>(text: string): State | undefined {
  return text === '' ? undefined : JSON.parse(text);
}
