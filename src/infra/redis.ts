/**
 * A Redis server as this process uses it. Every client of ours is made here, so that all have a name, the same patience
 * and the same way back. A probe that writes says whether the server is of use: one that is away, hangs, is full or was
 * demoted is then asked by nobody until it takes a write again (a circuit breaker), and clients that were connected
 * before that connect anew, because behind one address may now be another server.
 */
import { type CommonRedisOptions, Redis } from 'ioredis';
import { inTime } from '../core/inTime.ts';
import { createAbsence, redisPlace } from './absence.ts';
import type { Log } from './log.ts';
import { watchFitness } from './redisFitness.ts';

type ClientOptions = Omit<CommonRedisOptions, 'replyMapping'>;

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
/** Whoever connected with the probe got where it did. */
const AT_ONCE_MS = 1_000;

const PATIENCE = {
  connectTimeout: 2_000,
  disconnectTimeout: 500,
  keepAlive: 5_000,
  // A connection on which nothing comes back is held for lost.
  socketTimeout: 5_000,
};

/** It was demoted, is loading, or lost its replicas or its master. A fault of a script quotes it. */
const ELSEWHERE = /(^|-)(READONLY|UNBLOCKED|LOADING|MASTERDOWN|NOREPLICAS|UNKILLABLE) /;

/** Only another server can mend it. */
function isElsewhere({ message }: Error): boolean {
  return ELSEWHERE.test(message);
}

export function openRedis({ url, process, prefix, log, mayEvict = false }: RedisServerOptions): RedisServer {
  const place = redisPlace(url);
  const absence = createAbsence(`Redis ${place}`, log);
  /** When each was connected last. */
  const clients = new Map<Redis, number>();
  let isOpen = true;
  let hasWritten = false;
  let isClosed = false;
  let refusal: Error | undefined;
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  function open(use: string, options: ClientOptions = {}): Redis {
    const client = new Redis(url, {
      ...PATIENCE,
      connectionName: `plearoll-${process}-${use}`,
      retryStrategy: (tries) => Math.min(100 * tries, 1_000),
      // What was refused is not sent again by itself: who wants it asks again. While the server is known to be of no use
      // the probe alone looks for a better one, or everybody would connect over and over to one that stays a replica.
      reconnectOnError: (error) => (!absence.isAway() && isElsewhere(error) ? 1 : false),
      ...options,
    });
    return adopt(client);
  }

  function adopt(client: Redis): Redis {
    client.on('ready', () => clients.set(client, performance.now()));
    client.on('end', () => clients.delete(client));
    client.on('error', onError);
    // BullMQ's workers block on duplicates of what they are given.
    client.duplicate = (override) => adopt(new Redis({ ...client.options, ...override } as ClientOptions));
    clients.set(client, 0);
    return client;
  }

  const probe = open('probe', {
    maxRetriesPerRequest: 1,
    socketTimeout: PROBE_PATIENCE_MS,
    reconnectOnError: isElsewhere,
  });
  probe.on('ready', () => void look());
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
      await inTime(write, PROBE_PATIENCE_MS, 'it does not answer');
      if (fitness.isCluster()) throw new Error(fitness.complaint());
      refusal = undefined;
      if (absence.isAway()) connectAnew();
      absence.back();
      hasWritten = isOpen = true;
    } catch (fault) {
      hasWritten = isOpen = false;
      if (!isClosed) absence.away(refusal ?? fault);
    }
  }

  /** The probe's connection leads to the server that writes; an older one may lead elsewhere. */
  function connectAnew(): void {
    const isOlder = (connectedAt: number) => connectedAt < (clients.get(probe) ?? 0) - AT_ONCE_MS;
    for (const [client, connectedAt] of clients) {
      if (isOlder(connectedAt) && client.status === 'ready') client.disconnect(true);
    }
  }

  async function ask<T>(question: () => Promise<T>, patience_ms = PATIENCE_MS): Promise<T> {
    if (!isOpen) throw new RedisAwayError(`Redis ${place} is away`);
    try {
      return await inTime(question(), patience_ms, `Redis ${place} does not answer`);
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
    open,
    ask,
    isConnected: () => hasWritten && [...clients.keys()].every(({ status }) => status === 'ready' || status === 'wait'),
    demandFit,
    isFit: fitness.isFit,
    onError,
    close() {
      isClosed = true;
      clearTimeout(timer);
      fitness.close();
      for (const client of [...clients.keys()]) client.disconnect();
    },
  };
}
