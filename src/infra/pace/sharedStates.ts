/**
 * Shared states of a process: in Redis, together with all other processes, or in this process where there is no Redis. While
 * Redis is away each process knows only of its own requests.
 */
import type { SharedStates } from '../../core/definitions/sharedStates.ts';
import type { RedisServer } from '../redis/redis.ts';
import type { Log } from '../telemetry/log.ts';
import { createInProcessStates } from './inProcess.ts';
import { createRedisStates } from './redis.ts';

interface Options {
  /** Undefined where this process is all there is. */
  redis: RedisServer | undefined;
  /** Keeps installations that share a Redis apart. */
  prefix: string;
  log: Pick<Log, 'warn' | 'info'>;
}

export function openSharedStates({ redis, prefix, log }: Options): SharedStates {
  const own = createInProcessStates();
  const shared = redis && createRedisStates(redis, prefix);
  let isAlone = false;

  async function ask<T>(question: (states: SharedStates) => Promise<T>): Promise<T> {
    if (shared === undefined) return question(own);
    try {
      const answer = await question(shared);
      if (isAlone) log.info({}, 'pace of feeds back on Redis');
      isAlone = false;
      return answer;
    } catch (fault) {
      const { message } = fault as Error;
      if (!isAlone) log.warn({ err: { message } }, 'pace of feeds alone: this process counts by itself');
      isAlone = true;
      return question(own);
    }
  }

  return {
    change: (key, ttl_ms, decide) => ask((states) => states.change(key, ttl_ms, decide)),
    read: (keys) => ask((states) => states.read(keys)),
    close() {
      shared?.close();
      own.close();
    },
  };
}
