/**
 * The clients of one Redis server, made alike: each has a name, gives up soon on a connection that is silent, and connects
 * again by itself.
 */

import { Redis } from 'ioredis';
import { timings } from '../timings.ts';
import type { ClientOptions, RedisLink } from './redisLink.ts';

export interface RedisClients {
  /** A client of its own for one use. */
  open(use: string, options?: ClientOptions): Redis;
  areConnected(): boolean;
  /** Whose connection is older than the newest, or than this moment: behind one address may now be another server. */
  connectAnew(newest: Redis, moment: number): void;
  close(): void;
}

const OPTIONS = {
  connectTimeout: timings.redis.connect_within_ms,
  disconnectTimeout: 500,
  keepAlive: 5_000,
  // A connection on which nothing comes back is held for lost.
  socketTimeout: timings.redis.silence_ms,
  retryStrategy: (tries: number) => Math.min(100 * tries, timings.redis.reconnect_most_ms),
};
/** Clients that connected with the newest are on the same server. */
const AT_ONCE_MS = 1_000;

/** It was demoted, is loading, lost its replicas or its master, or gave the slot away. A fault of a script quotes it. */
const ELSEWHERE = /(^|-)(READONLY|UNBLOCKED|LOADING|MASTERDOWN|NOREPLICAS|UNKILLABLE|MOVED|CLUSTERDOWN) /;

/** Only another server can mend it. */
export function isElsewhere({ message }: Error): boolean {
  return ELSEWHERE.test(message);
}

/** @param process names the clients, with their use, as CLIENT LIST shows them */
export function createClients(
  link: RedisLink,
  process: string,
  { isAway, onError }: { isAway(): boolean; onError(error: Error): void },
): RedisClients {
  /** When each was connected last. */
  const clients = new Map<Redis, number>();

  function open(use: string, options: ClientOptions = {}): Redis {
    const client = link.make({
      ...OPTIONS,
      connectionName: `plearoll-${process}-${use}`,
      // What was refused is not sent again by itself: its caller asks again. While the server is known to be of no use
      // the probe alone looks for a better one, or everybody would connect over and over to one that stays a replica.
      reconnectOnError: (error) => !isAway() && isElsewhere(error),
      ...options,
    });
    return adopt(client);
  }

  function adopt(client: Redis): Redis {
    clients.set(client, 0);
    client.on('ready', () => clients.set(client, performance.now()));
    client.on('end', () => clients.delete(client));
    client.on('error', onError);
    // BullMQ's workers block on duplicates of what they are given.
    client.duplicate = (override) => adopt(new Redis({ ...client.options, ...override } as ClientOptions));
    return client;
  }

  function connectAnew(newest: Redis, moment: number): void {
    const since = Math.max(moment, (clients.get(newest) ?? 0) - AT_ONCE_MS);
    for (const [client, connectedAt] of clients) {
      if (connectedAt < since && client.status === 'ready') client.disconnect(true);
    }
  }

  return {
    open,
    areConnected: () => [...clients.keys()].every(({ status }) => status === 'ready' || status === 'wait'),
    connectAnew,
    close: () => {
      for (const client of [...clients.keys()]) client.disconnect();
    },
  };
}
