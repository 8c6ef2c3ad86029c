/**
 * A limiter that counts in Redis, together with all other processes, or in this process where there is no Redis. While
 * Redis is away each process counts alone, with its part of each limit: the door is never open.
 */
import { sha256 } from '../../core/chain/sha256.ts';
import type { Alive } from '../postgres/heartbeat.ts';
import { createFallback } from '../redis/fallback.ts';
import type { RedisServer } from '../redis/redis.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createInProcessWindows } from './inProcess.ts';
import { COUNTED_BY, type Limiter, type Taken, type Try, type Window, type WindowState } from './limiter.ts';
import { createRedisWindows } from './redis.ts';

export interface LimiterOptions {
  /** Keeps installations that share a Redis apart. */
  prefix: string;
  /** The processes that share a limit. */
  alive(): Alive;
  metrics: Pick<Metrics, 'limiterDegraded' | 'limiterRefusals'>;
  log: Pick<Log, 'error' | 'info'>;
}

interface Limited extends Try, Window {}

const MAX_IDENTIFIER = 64;

/** @param redis undefined where this process is all there is */
export function createLimiter(
  { prefix, alive, metrics, log }: LimiterOptions,
  redis: RedisServer | undefined,
): Limiter {
  const own = createInProcessWindows();
  const shared = redis && createRedisWindows(redis, prefix);
  const fallback = createFallback({
    ...{ own, shared, redis },
    onAway({ message }) {
      metrics.limiterDegraded.set(1);
      log.error({ err: { message }, processes: alive() }, 'limiter degraded: each process counts its part alone');
    },
    // Where nothing is asked for the alarm ends as well.
    onReturn(degraded_seconds) {
      metrics.limiterDegraded.set(0);
      log.info({ degraded_seconds }, 'limiter recovered');
    },
  });

  function count(windows: Limited[]): Promise<Taken> {
    return fallback.ask(
      (store) => store.take(windows),
      (alone) => alone.take(windows.map((window) => ({ ...window, limit: partOf(window) }))),
    );
  }

  function partOf({ type, limit }: Limited): number {
    return Math.max(1, Math.floor(limit / Math.max(1, alive()[COUNTED_BY[type]])));
  }

  return {
    async take(tries) {
      const limited = tries.filter(({ limit }) => limit > 0).map((one) => ({ ...one, key: keyOf(one) }));
      if (limited.length === 0) return { admitted: true };
      const taken = await count(limited);
      if ('states' in taken) return { admitted: true, tightest: tightestOf(taken.states) };
      const { full, ...refusal } = taken;
      const { type } = limited[full]!;
      metrics.limiterRefusals.inc({ type });
      return { admitted: false, type, ...refusal };
    },
    close: fallback.close,
  };
}

/** Of bounded length, whatever the identifier is. */
function keyOf({ type, identifier }: Try): string {
  return `${type}:${identifier.length > MAX_IDENTIFIER ? sha256(identifier) : identifier}`;
}

function tightestOf(states: WindowState[]): WindowState {
  return states.reduce((tightest, one) => (one.remaining < tightest.remaining ? one : tightest));
}
