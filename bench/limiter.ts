/**
 * How long a decision of the limiter takes at a fixed rate, counted from when it was due: a user's window and an
 * address's in one script, on a Redis of its own, from one process.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLimiter } from '../src/infra/limiter/createLimiter.ts';
import type { Try } from '../src/infra/limiter/limiter.ts';
import { openRedis } from '../src/infra/redis/redis.ts';
import { createLog } from '../src/infra/telemetry/log.ts';
import { createMetrics } from '../src/infra/telemetry/metrics.ts';
import { startRedis } from '../test/support/redis.ts';
import { type Decided, decideAtRate } from './decisions.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, median, table } from './report.ts';

const PER_SECOND = 10_000;
const MOST_P99_MS = 2;
/** Enough that windows fill and refuse as well. */
const USERS = 20_000;
const ADDRESSES = 10_000;
const WARM_UP_SECONDS = 2;
const PREFIX = 'plearoll:{bench}:';
const ALONE = { api: 1, worker: 1, relay: 1, scheduler: 1, signer: 1 };

export async function benchLimiter({ seconds, rounds, signal }: BenchOptions): Promise<void> {
  const redis = await startRedis();
  const log = createLog('error', 'bench');
  const server = openRedis({ url: redis.url, process: 'bench', prefix: PREFIX, log });
  const state = { isAlone: false, wasAlone: false };
  const told = {
    error: () => Object.assign(state, { isAlone: true, wasAlone: true }),
    info: () => Object.assign(state, { isAlone: false }),
  } as never;
  const limiter = createLimiter({ prefix: PREFIX, alive: () => ALONE, metrics: createMetrics(), log: told }, server);
  const decide = (seconds: number) =>
    decideAtRate(async () => (await limiter.take(tries())).admitted, PER_SECOND, seconds, signal);
  try {
    await server.demandFit();
    await decide(WARM_UP_SECONDS);
    while (state.isAlone) await sleep(100, undefined, { signal });
    state.wasAlone = false;
    const found: Decided[] = [];
    for (let i = 0; i < rounds; i++) {
      found.push(await decide(seconds));
      console.error(`round ${i + 1}: p99 ${found.at(-1)!.p99_ms.toFixed(2)} ms`);
    }
    if (state.wasAlone) throw new Error('Redis was too slow at times: some figures are those of memory');
    const medianOf = (name: keyof Decided) => Number(median(found.map((round) => round[name])).toPrecision(3));
    const rows = Object.keys(found[0]!).map((name) => [name, medianOf(name as keyof Decided)]);
    console.log(`\n${table(['', 'median'], rows)}`);
    const isReached = medianOf('per_second') >= PER_SECOND * 0.99 && medianOf('p99_ms') < MOST_P99_MS;
    console.log(`\n${PER_SECOND}/s at p99 under ${MOST_P99_MS} ms: ${isReached ? 'reached' : 'NOT REACHED'}`);
    const load = { offered_per_second: PER_SECOND, seconds, users: USERS, addresses: ADDRESSES };
    await keepResults('limiter', { ...load, rounds: found });
  } finally {
    limiter.close();
    server.close();
    await redis.stop();
  }
}

function tries(): Try[] {
  const user = `018f3c1e-7b2a-7c11-9d0e-${String(randomInt(USERS)).padStart(12, '0')}`;
  const n = randomInt(ADDRESSES);
  const window_ms = 3_600_000;
  return [
    { type: 'ws_connections_per_user', identifier: user, limit: 3, window_ms },
    { type: 'ws_connections_per_ip', identifier: `10.0.${n >> 8}.${n & 255}`, limit: 5, window_ms },
  ];
}
