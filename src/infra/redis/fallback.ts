/**
 * What counts in Redis, or in this process where there is none. While Redis is away the process counts by itself, says so
 * once, and looks each second whether it is back, because perhaps nothing is asked for then.
 */
import type { RedisServer } from './redis.ts';

interface Store {
  close(): void;
}

interface FallbackOptions<S extends Store> {
  /** In this process. */
  own: S;
  shared: S | undefined;
  redis: Pick<RedisServer, 'isConnected'> | undefined;
  onAway(fault: Error): void;
  /** Perhaps it is empty. */
  onReturn(alone_seconds: number): void;
}

export interface Fallback<S extends Store> {
  /** The same question to Redis, or while it is away to this process. @param alone what is asked there, where it differs */
  ask<T>(question: (store: S) => Promise<T>, alone?: (own: S) => Promise<T>): Promise<T>;
  /** For so long Redis was away; 0 where it is not, or where there is none. */
  alone_ms(): number;
  close(): void;
}

const LOOK_AGAIN_MS = 1_000;

export function createFallback<S extends Store>(options: FallbackOptions<S>): Fallback<S> {
  const { own, shared, redis, onAway, onReturn } = options;
  let alone_since: number | undefined;
  let watch: NodeJS.Timeout | undefined;

  function beAlone(fault: Error): void {
    if (alone_since !== undefined) return;
    alone_since = performance.now();
    onAway(fault);
    watch = setInterval(() => redis?.isConnected() && beBack(), LOOK_AGAIN_MS).unref();
  }

  function beBack(): void {
    if (alone_since === undefined) return;
    const alone_seconds = Math.round((performance.now() - alone_since) / 1_000);
    alone_since = undefined;
    clearInterval(watch);
    onReturn(alone_seconds);
  }

  return {
    async ask(question, alone = question) {
      if (shared === undefined) return question(own);
      try {
        const answer = await question(shared);
        beBack();
        return answer;
      } catch (fault) {
        beAlone(fault as Error);
        return alone(own);
      }
    },
    alone_ms: () => (alone_since === undefined ? 0 : performance.now() - alone_since),
    close() {
      clearInterval(watch);
      shared?.close();
      own.close();
    },
  };
}
