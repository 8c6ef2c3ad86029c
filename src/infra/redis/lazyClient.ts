/** A client of one use that connects when it is first asked something: processes that never ask never connect. */
import type { Redis } from 'ioredis';
import type { RedisServer } from './redis.ts';
import type { ClientOptions } from './redisLink.ts';

export interface LazyClient {
  client: Redis;
  /** As RedisServer's `ask`, once the client is connected. */
  ask<T>(question: () => Promise<T>): Promise<T>;
  close(): void;
}

/** Longer than a question takes: the first has to connect. */
const CONNECT_WITHIN_MS = 1_000;

/** @param patience_ms of a client that is connected; as the server's where it is not given */
export function openLazily(
  redis: RedisServer,
  use: string,
  scripts: ClientOptions['scripts'] = {},
  patience_ms?: number,
): LazyClient {
  const client = redis.open(use, { lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 1, scripts });
  let connecting: Promise<void> | undefined;

  function ask<T>(question: () => Promise<T>): Promise<T> {
    if (client.status === 'ready') return redis.ask(question, patience_ms);
    const connected = async () => {
      connecting ??= client.connect().catch(() => {});
      await connecting;
      return question();
    };
    return redis.ask(connected, CONNECT_WITHIN_MS);
  }

  return { client, ask, close: () => client.disconnect() };
}
