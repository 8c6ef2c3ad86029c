/**
 * A Redis server as this process uses it. Every client of ours is made here, so that all have a name, the same patience
 * and the same way back. A probe that writes says whether the server is of use: one that is away, hangs, is full or was
 * demoted is then asked by nobody until it takes a write again (a circuit breaker), and clients that were connected
 * before that connect anew, because behind one address may now be another server.
 */
import type { Redis } from 'ioredis';
import { withTimeout } from '../../core/withTimeout.ts';
import { createAbsence, redisPlace } from '../telemetry/absence.ts';
import type { Log } from '../telemetry/log.ts';
import { type ClientOptions, createClients, isElsewhere } from './redisClients.ts';
import { watchFitness } from './redisFitness.ts';

export interface RedisServer {
  /** A client of its own for one use. */
  open(use: string, options?: ClientOptions): Redis;
  /**
   * For what nobody has to wait for: asks at most for `patience_ms`, and not at all while the server is of no use.
   * @throws what the question threw, or at once where it is known to be in vain
   */
  ask<T>(question: () => Promise<T>, patience_ms?: number): Promise<T>;
  /** It took the last write, and every client is connected. */
  isConnected(): boolean;
  /** To be awaited at start; a server that is away is waited for briefly. @throws with advice where it is not fit */
  demandFit(): Promise<void>;
  /** False where it came late and is not fit. */
  isFit(): boolean;
  /** For faults of who builds on our clients; said once where they only mean that the server is away. */
  onError(error: Error): void;
  /** Ends all clients. */
  close(): void;
}

/** What was asked for was not tried: that the server is away was said already. */
export class RedisAwayError extends Error {}

export interface RedisServerOptions {
  url: string;
  /** Names the clients, as CLIENT LIST shows them. */
  process: string;
  /** Keeps installations that share a Redis apart. */
  prefix: string;
  log: Pick<Log, 'error' | 'warn' | 'info' | 'debug'>;
  /** It only keeps what may be forgotten. */
  mayEvict?: boolean;
}

const PATIENCE_MS = 250;
const PROBE_EVERY_MS = 1_000;
const PROBE_PATIENCE_MS = 1_000;
const PROBE_KEY_MS = 10_000;
const WAIT_AT_START_MS = 1_000;

export function openRedis({ url, process, prefix, log, mayEvict = false }: RedisServerOptions): RedisServer {
  const place = redisPlace(url);
  const absence = createAbsence(`Redis ${place}`, log);
  const clients = createClients(url, process, { isAway: absence.isAway, onError });
  let isOpen = true;
  let hasWritten = false;
  let isClosed = false;
  let isReplica = false;
  let refusal: Error | undefined;
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const probe = clients.open('probe', {
    maxRetriesPerRequest: 1,
    socketTimeout: PROBE_PATIENCE_MS,
    reconnectOnError: isElsewhere,
  });
  // One that stays a replica is asked no sooner for being connected again.
  probe.on('ready', () => {
    if (!isReplica) void look();
  });
  probe.on('error', (error) => {
    refusal = error;
  });
  const fitness = watchFitness(probe, { place, mayEvict, log });

  /** Looks now, or waits for the look under way. */
  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
      clearTimeout(timer);
      if (!isClosed) timer = setTimeout(() => void look(), PROBE_EVERY_MS).unref();
    });
    return looking;
  }

  async function lookOnce(): Promise<void> {
    try {
      const write = probe.set(`${prefix}probe:${process}`, '1', 'PX', PROBE_KEY_MS);
      await withTimeout(write, PROBE_PATIENCE_MS, 'it does not answer');
      if (fitness.isCluster()) throw new Error(fitness.complaint());
      refusal = undefined;
      isReplica = false;
      const away = absence.since();
      if (away !== undefined) clients.connectAnew(probe, away);
      absence.back();
      hasWritten = isOpen = true;
    } catch (fault) {
      hasWritten = isOpen = false;
      isReplica = isElsewhere(fault as Error);
      if (!isClosed) absence.away(refusal ?? fault);
    }
  }

  async function ask<T>(question: () => Promise<T>, patience_ms = PATIENCE_MS): Promise<T> {
    if (!isOpen) throw new RedisAwayError(`Redis ${place} is away`);
    try {
      return await withTimeout(question(), patience_ms, `Redis ${place} does not answer`);
    } catch (fault) {
      isOpen = false;
      void look();
      throw fault;
    }
  }

  /** A connection's fault is seen by the probe as well, which tells it by the server's name. */
  function onError(error: Error): void {
    if (isClosed) return;
    const { message, code } = error as NodeJS.ErrnoException;
    void look().then(() => {
      if (absence.isAway()) log.debug({ err: { message, code } }, `Redis ${place} is away`);
      else log.warn({ err: { message, code } }, `a connection to Redis ${place} is in trouble`);
    });
  }

  async function demandFit(): Promise<void> {
    const known = Promise.all([fitness.looked, look()]);
    await Promise.race([known, new Promise((resolve) => setTimeout(resolve, WAIT_AT_START_MS))]);
    const complaint = fitness.complaint();
    if (complaint !== undefined) throw new Error(complaint);
  }

  void look();
  return {
    open: clients.open,
    ask,
    isConnected: () => hasWritten && clients.areConnected(),
    demandFit,
    isFit: fitness.isFit,
    onError,
    close() {
      isClosed = true;
      clearTimeout(timer);
      fitness.close();
      clients.close();
    },
  };
}
