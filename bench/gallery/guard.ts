/** How long the guard takes to decide about a visitor, at a fixed rate from one process, beside counters of rate-limiter-flexible. */
import { randomInt } from 'node:crypto';
import { Redis } from 'ioredis';
import { RULES } from '../../src/guard/rules.ts';
import type { Visitor } from '../../src/infra/guard/guardStore.ts';
import { createRedisStore } from '../../src/infra/guard/redis.ts';
import { openRedis } from '../../src/infra/redis/redis.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { type Decided, decideAtRate } from '../decisions.ts';
import { createFlexibleRules } from '../peers/chat.ts';

export interface GuardPlan {
  per_second: number;
  seconds: number;
}

/** Enough that hardly one is counted twice within a window; one in twenty is of a flood, which is refused. */
const [VISITORS, FLOODS, FLOOD_SHARE] = [20_000, 20, 0.05];
const ROUTES = 3;
const MOST_KEYS = 200_000;
const WARM_UP_SECONDS = 2;
const PREFIX = 'plearoll:{bench}:';

export async function measureGuard(redisUrl: string, plan: GuardPlan, signal: AbortSignal) {
  return { ours: await decideOurs(redisUrl, plan, signal), flexible: await decideFlexible(redisUrl, plan, signal) };
}

async function decideOurs(url: string, plan: GuardPlan, signal: AbortSignal): Promise<Decided> {
  const redis = openRedis({ url, process: 'bench', prefix: PREFIX, log: createLog('error', 'bench') });
  const store = createRedisStore({ redis, prefix: PREFIX, numbers: RULES, most: MOST_KEYS });
  try {
    await redis.demandFit();
    const isAdmitted = async () => (await store.admit(visitor(), `POST /route/${randomInt(ROUTES)}`)).admitted;
    // The first has to connect.
    await isAdmitted().catch(() => {});
    return await measure(isAdmitted, plan, signal);
  } finally {
    store.close();
    redis.close();
  }
}

async function decideFlexible(url: string, plan: GuardPlan, signal: AbortSignal): Promise<Decided> {
  const redis = new Redis(url);
  const rules = createFlexibleRules(redis);
  try {
    const isAdmitted = () => {
      const { key, address } = visitor();
      return rules.admit(key, address);
    };
    return await measure(isAdmitted, plan, signal);
  } finally {
    redis.disconnect();
  }
}

async function measure(isAdmitted: () => Promise<boolean>, { per_second, seconds }: GuardPlan, signal: AbortSignal) {
  await decideAtRate(isAdmitted, per_second, Math.min(WARM_UP_SECONDS, seconds), signal);
  return decideAtRate(isAdmitted, per_second, seconds, signal);
}

function visitor(): Visitor {
  const n = Math.random() < FLOOD_SHARE ? randomInt(FLOODS) : FLOODS + randomInt(VISITORS);
  const address = `10.0.${n >> 8}.${n & 255}`;
  // As long as composite keys are.
  const key = n.toString(16).padStart(64, '0');
  return { key, crowd: key.replace(/^0/, 'c'), address, is_venue: false };
}
