/**
 * Broadcast over Redis: one connection to publish, one to subscribe. After a reconnect all subscriptions are made again
 * and confirmed before its caller goes on, so that a listener's catch-up starts from a channel that works.
 */

import type { RedisServer } from '../redis/redis.ts';
import { timings } from '../timings.ts';
import type { Broadcast } from './broadcast.ts';

interface Channel {
  listeners: Set<(message: string) => void>;
  confirmed: Promise<unknown>;
}

/** @param prefix keeps installations that share a Redis apart */
export function createRedisBroadcast(redis: RedisServer, prefix: string): Broadcast {
  const publisher = redis.open('publisher', {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 1_000,
  });
  const subscriber = redis.open('subscriber', {
    autoResubscribe: false,
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    socketTimeout: timings.redis.ping_every_ms - 1_000,
  });
  const channels = new Map<string, Channel>();
  const interrupted = new Set<() => void>();
  let connections = 0;

  subscriber.on('message', (channel: string, message: string) => {
    for (const listener of channels.get(channel)?.listeners ?? []) listener(message);
  });
  subscriber.on('ready', () => {
    connections += 1;
    if (connections > 1) void resubscribe();
  });
  // A half-open connection is silent for ever; one that does not answer a ping is ended.
  const heartbeat = setInterval(() => {
    if (subscriber.status === 'ready') subscriber.ping().catch(() => {});
  }, timings.redis.ping_every_ms);
  heartbeat.unref();

  async function resubscribe(): Promise<void> {
    const names = [...channels.keys()];
    try {
      if (names.length > 0) await subscriber.subscribe(...names);
      for (const listener of interrupted) listener();
    } catch (error) {
      redis.onError(error as Error);
    }
  }

  async function subscribe(name: string, listener: (message: string) => void): Promise<() => Promise<void>> {
    const key = `${prefix}${name}`;
    const channel = channels.get(key) ?? { listeners: new Set(), confirmed: subscriber.subscribe(key) };
    channels.set(key, channel);
    channel.listeners.add(listener);
    await channel.confirmed.catch((error) => {
      if (channels.get(key) === channel) channels.delete(key);
      throw error;
    });
    return async () => {
      channel.listeners.delete(listener);
      if (channel.listeners.size > 0 || channels.get(key) !== channel) return;
      channels.delete(key);
      await subscriber.unsubscribe(key).catch(redis.onError);
    };
  }

  return {
    publish: async (name, message) => void (await redis.ask(() => publisher.publish(`${prefix}${name}`, message))),
    subscribe,
    onInterruption: (listener) => void interrupted.add(listener),
    isConnected: redis.isConnected,
    close: async () => {
      clearInterval(heartbeat);
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
