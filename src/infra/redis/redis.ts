/**
 * A Redis server as this process uses it. Every client of ours is made here, so that all have a name, the same patience
 * and the same way back. While its probe says that the server is of no use, nothing is asked of it.
 */

import type { Redis } from 'ioredis';
import { waitAtMost, withTimeout } from '../../core/withTimeout.ts';
import { createAbsence } from '../telemetry/absence.ts';
import type { Log } from '../telemetry/log.ts';
import { timings } from '../timings.ts';
import { createClients } from './redisClients.ts';
import { type ClientOptions, linkTo, type RedisAccess } from './redisLink.ts';
import { startRedisProbe } from './redisProbe.ts';

export interface RedisServer {
  /** A client of its own for one use. */
  open(use: string, options?: ClientOptions): Redis;
  /**
   * For what can be done without: asks at most for `patience_ms`, and not at all while the server is of no use.
   * @throws what the question threw, or at once where it is known to be in vain
   */
  ask<T>(question: () => Promise<T>, patience_ms?: number): Promise<T>;
  /** It took the last write, and every client is connected. */
  isConnected(): boolean;
  /** To be awaited at start; a server that is away is waited for briefly. @throws with advice where it is not fit */
  demandFit(): Promise<void>;
  /** False where it came late and is not fit. */
  isFit(): boolean;
  /** For faults of libraries that use our clients; said once where they only mean that the server is away. */
  onError(error: Error): void;
  /** Ends all clients. */
  close(): void;
}

/** What was asked for was not tried: that the server is away was said already. */
export class RedisAwayError extends Error {}

export interface RedisServerOptions {
  url: string;
  access?: RedisAccess;
  /** Names the clients, as CLIENT LIST shows them. */
  process: string;
  /** Keeps installations that share a Redis apart. */
  prefix: string;
  log: Pick<Log, 'error' | 'warn' | 'info' | 'debug'>;
  /** It only keeps what may be forgotten. */
  mayEvict?: boolean;
}

export function openRedis(options: RedisServerOptions): RedisServer {
  const { url, access, process, prefix, log, mayEvict = false } = options;
  const link = linkTo({ url, access, prefix });
  const { place } = link;
  const absence = createAbsence(`Redis ${place}`, log);
  const clients = createClients(link, process, { isAway: absence.isAway, onError });
  const probe = startRedisProbe({ link, clients, absence, process, prefix, mayEvict, log });
  const { fitness } = probe;
  // One for all: behind a server that is away thousands a second are refused, and a stack is what costs of an error.
  const away = new RedisAwayError(`Redis ${place} is away`);
  let isClosed = false;

  async function ask<T>(question: () => Promise<T>, patience_ms = timings.redis.patience_ms): Promise<T> {
    if (!probe.isOpen()) throw away;
    try {
      return await withTimeout(question(), patience_ms, `Redis ${place} does not answer`);
    } catch (fault) {
      probe.trip();
      throw fault;
    }
  }

  /** The probe meets a connection's fault as well, and names the server in the log. */
  function onError(error: Error): void {
    if (isClosed) return;
    const { message, code } = error as NodeJS.ErrnoException;
    void probe.poll().then(() => {
      if (absence.isAway()) log.debug({ err: { message, code } }, `Redis ${place} is away`);
      else log.warn({ err: { message, code } }, `a connection to Redis ${place} is in trouble`);
    });
  }

  async function demandFit(): Promise<void> {
    await waitAtMost(Promise.all([fitness.polled, probe.poll()]), timings.redis.start_within_ms);
    const complaint = fitness.complaint();
    if (complaint !== undefined) throw new Error(complaint);
  }

  function close(): void {
    isClosed = true;
    probe.close();
    clients.close();
  }

  const isConnected = () => probe.hasWritten() && clients.areConnected();
  return { open: clients.open, ask, isConnected, demandFit, isFit: fitness.isFit, onError, close };
}
