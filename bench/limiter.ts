/**
 * How long a decision of the limiter takes at a fixed rate, counted from when it was due: a user's window and an
 * address's in one script, on a Redis of its own, from one process.
 */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { createLimiter } from '../src/infra/limiter/createLimiter.ts';
import type { Limiter, Try } from '../src/infra/limiter/limiter.ts';
import { openRedis } from '../src/infra/redis/redis.ts';
import { createLog } from '../src/infra/telemetry/log.ts';
import { createMetrics } from '../src/infra/telemetry/metrics.ts';
import { startRedis } from '../test/support/redis.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, median, percentile, table } from './report.ts';
import { findChild, readUsage } from './usage.ts';

const PER_SECOND = 10_000;
const MOST_P99_MS = 2;
/** Enough that windows fill and refuse as well. */
const USERS = 20_000;
const ADDRESSES = 10_000;
const WARM_UP_SECONDS = 2;
const PREFIX = 'plearoll:{bench}:';
const ALONE = { api: 1, worker: 1, relay: 1, scheduler: 1, signer: 1 };

interface Round {
  per_second: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
  refused_percent: number;
  /** Microseconds of processor time for each decision; of this process with the waiting for the next. */
  process_us: number;
  redis_us: number;
  /** What the machine did besides, as a share of all its processors. */
  elsewhere_percent: number;
}

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
  try {
    await server.demandFit();
    await decide(limiter, WARM_UP_SECONDS, signal);
    while (state.isAlone) await sleep(100, undefined, { signal });
    state.wasAlone = false;
    const found: Round[] = [];
    for (let i = 0; i < rounds; i++) {
      found.push(await decide(limiter, seconds, signal));
      console.error(`round ${i + 1}: p99 ${found.at(-1)!.p99_ms.toFixed(2)} ms`);
    }
    if (state.wasAlone) throw new Error('Redis was too slow at times: some figures are those of memory');
    const medianOf = (name: keyof Round) => Number(median(found.map((round) => round[name])).toPrecision(3));
    const rows = Object.keys(found[0]!).map((name) => [name, medianOf(name as keyof Round)]);
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

/** Decisions fall due one after the other at the rate, however late the ones before are answered. */
async function decide(limiter: Limiter, seconds: number, signal: AbortSignal): Promise<Round> {
  const count = PER_SECOND * seconds;
  const latencies_ms = new Float64Array(count);
  const roots = { redis: findChild('redis-server', 'valkey-server') };
  const before = readUsage(roots);
  const own = process.cpuUsage();
  const began = performance.now();
  let [asked, answered, refused] = [0, 0, 0];
  while (asked < count) {
    signal.throwIfAborted();
    const due = Math.min(count, ((performance.now() - began) * PER_SECOND) / 1_000);
    while (asked < due) {
      const i = asked;
      asked += 1;
      const due_at = began + (i * 1_000) / PER_SECOND;
      // No promise is kept: eighty thousand of them would be what the collector is busy with.
      void limiter.take(tries()).then(({ admitted }) => {
        latencies_ms[i] = performance.now() - due_at;
        answered += 1;
        if (!admitted) refused += 1;
      });
    }
    await turn();
  }
  while (answered < count) await turn();
  const elapsed_ms = performance.now() - began;
  const { user, system } = process.cpuUsage(own);
  const after = readUsage(roots);
  const [own_us, redis_us] = [user + system, after.redis! - before.redis!];
  const elsewhere_us = Math.max(0, after.machine! - before.machine! - own_us - redis_us);
  const sorted = latencies_ms.sort();
  return {
    per_second: (count / elapsed_ms) * 1_000,
    p50_ms: percentile(sorted as never, 0.5),
    p99_ms: percentile(sorted as never, 0.99),
    max_ms: sorted.at(-1)!,
    refused_percent: (100 * refused) / count,
    process_us: own_us / count,
    redis_us: redis_us / count,
    elsewhere_percent: elsewhere_us / (elapsed_ms * 10 * availableParallelism()),
  };
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
