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

/** By prefix. The parts of one process open them each for itself, and have them together. */
const inProcess = new Map<string, { states: SharedStates; users: number }>();

function joinInProcess(prefix: string): SharedStates {
  const joined = inProcess.get(prefix) ?? { states: createInProcessStates(), users: 0 };
  inProcess.set(prefix, joined);
  joined.users += 1;
  let isClosed = false;
  function close(): void {
    if (isClosed) return;
    isClosed = true;
    joined.users -= 1;
    if (joined.users === 0) inProcess.delete(prefix);
  }
  return { ...joined.states, close };
}

export function openSharedStates({ redis, prefix, log }: Options): SharedStates {
  const own = joinInProcess(prefix);
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
