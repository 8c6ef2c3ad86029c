/**
 * Says whether a Redis server is of use, by a write every second: one that is away, hangs, is full or was demoted is not
 * of use until it takes a write again (a circuit breaker). Clients that were connected before that connect anew then,
 * because behind one address may now be another server.
 */

import { withTimeout } from '../../core/withTimeout.ts';
import type { Absence } from '../telemetry/absence.ts';
import type { Log } from '../telemetry/log.ts';
import { timings } from '../timings.ts';
import { isElsewhere, type RedisClients } from './redisClients.ts';
import { type Fitness, watchFitness } from './redisFitness.ts';
import type { RedisLink } from './redisLink.ts';

export interface RedisProbe {
  /** Probes now, or waits for the probe under way. */
  poll(): Promise<void>;
  /** False from a question that failed, or a write, until a write succeeds. */
  isOpen(): boolean;
  /** It took the last write. */
  hasWritten(): boolean;
  /** A question failed: nothing is asked until the next write succeeds. */
  trip(): void;
  fitness: Fitness;
  close(): void;
}

export interface RedisProbeOptions {
  link: RedisLink;
  clients: RedisClients;
  absence: Absence;
  process: string;
  prefix: string;
  mayEvict: boolean;
  log: Pick<Log, 'error' | 'warn' | 'info'>;
}

export function startRedisProbe(options: RedisProbeOptions): RedisProbe {
  const { link, clients, absence, process, prefix, mayEvict, log } = options;
  let isOpen = true;
  let hasWritten = false;
  let isClosed = false;
  let isReplica = false;
  let refusal: Error | undefined;
  let polling: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const client = clients.open('probe', {
    maxRetriesPerRequest: 1,
    socketTimeout: timings.redis.probe_within_ms,
    reconnectOnError: isElsewhere,
  });
  // One that stays a replica is asked no sooner for being connected again.
  client.on('ready', () => {
    if (!isReplica) void poll();
  });
  client.on('error', (error) => {
    refusal = error;
  });
  const fitness = watchFitness(client, { link, mayEvict, log });

  function poll(): Promise<void> {
    polling ??= write().finally(() => {
      polling = undefined;
      clearTimeout(timer);
      if (!isClosed) timer = setTimeout(() => void poll(), timings.redis.probe_every_ms).unref();
    });
    return polling;
  }

  async function write(): Promise<void> {
    try {
      const written = client.set(`${prefix}probe:${process}`, '1', 'PX', timings.redis.probe_key_ms);
      await withTimeout(written, timings.redis.probe_within_ms, 'it does not answer');
      if (fitness.isAnother()) throw new Error(fitness.complaint());
      refusal = undefined;
      isReplica = false;
      const away = absence.since();
      if (away !== undefined) clients.connectAnew(client, away);
      absence.back();
      hasWritten = isOpen = true;
    } catch (fault) {
      hasWritten = isOpen = false;
      isReplica = isElsewhere(fault as Error);
      if (!isClosed) absence.away(refusal ?? fault);
    }
  }

  function trip(): void {
    isOpen = false;
    void poll();
  }

  function close(): void {
    isClosed = true;
    clearTimeout(timer);
    fitness.close();
  }

  void poll();
  return { poll, isOpen: () => isOpen, hasWritten: () => hasWritten, trip, fitness, close };
}
