/**
 * What may be forgotten at any moment and is reckoned anew then: models, scores, what is known of an address. Kept in the Redis
 * that may evict, for all processes together, or in this process where there is no Redis. A miss, an outage and an entry that
 * is no longer what it was all look the same to whoever asks, and none delays a request by more than a moment.
 */
import type { z } from 'zod';
import { withTimeout } from '../../core/withTimeout.ts';
import type { RedisServer } from '../redis/redis.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CacheEntries, CacheStanding, CacheSweep } from './cacheEntries.ts';
import { CACHE_KINDS, type CacheKind } from './cacheKinds.ts';
import { createInProcessEntries } from './inProcess.ts';
import { createRedisEntries } from './redis.ts';

export interface Cache {
  /** @param schema of what was put there: what does not fit it is missing */
  get<Value>(kind: CacheKind, id: string, schema: z.ZodType<Value>): Promise<Value | undefined>;
  /** @param user_id of whom it speaks: what is kept of a user is dropped together */
  put(kind: CacheKind, id: string, value: unknown, user_id?: string): Promise<void>;
  /** For a moment nothing is put there: what is under way may have been read before. */
  drop(kind: CacheKind, id: string): Promise<void>;
  /** To be called where somebody signed out, has another role, or a new model. For a moment nothing of them is put there. @returns how many entries there were */
  invalidateUser(user_id: string): Promise<number>;
  /** @throws where it cannot be asked */
  read(): Promise<CacheStanding>;
  /** @throws where it cannot be asked */
  cleanUp(isOver: () => boolean): Promise<CacheSweep>;
  close(): void;
}

export interface CacheOptions {
  /** Undefined where this process is all there is. */
  redis: RedisServer | undefined;
  /** Keeps installations that share a Redis apart. */
  prefix: string;
  metrics: Pick<Metrics, 'cacheReads'>;
  log: Pick<Log, 'debug'>;
}

/** What is longer is reckoned each time. */
const MOST_BYTES = 262_144;
const MOST_KEY_LENGTH = 200;
/** Longer than what is kept takes to be read. */
const SHUT_MS = 5_000;
/** The first question connects; a request is not held up for that. */
const WITHIN_MS = 300;

export function createCache({ redis, prefix, metrics, log }: CacheOptions): Cache {
  const entries: CacheEntries = redis ? createRedisEntries(redis, prefix) : createInProcessEntries();

  async function orElse<T>(question: Promise<T>, otherwise: T): Promise<T> {
    return withTimeout(question, WITHIN_MS, 'the cache does not answer').catch((err) => {
      log.debug({ err }, 'cache away');
      return otherwise;
    });
  }

  async function get<Value>(kind: CacheKind, id: string, schema: z.ZodType<Value>): Promise<Value | undefined> {
    const { ttl_seconds, slides } = CACHE_KINDS[kind];
    const text = await orElse(entries.get(keyOf(kind, id), slides ? ttl_seconds * 1_000 : 0), undefined);
    const value = text === undefined ? undefined : parsed(text, schema);
    metrics.cacheReads.inc({ kind, result: value === undefined ? 'miss' : 'hit' });
    return value;
  }

  async function put(kind: CacheKind, id: string, value: unknown, user_id?: string): Promise<void> {
    const [key, text] = [keyOf(kind, id), JSON.stringify(value)];
    if (Buffer.byteLength(text) > MOST_BYTES || key.length > MOST_KEY_LENGTH) return;
    await orElse(entries.put(key, text, CACHE_KINDS[kind].ttl_seconds * 1_000, user_id), undefined);
  }

  return {
    get,
    put,
    drop: (kind, id) => orElse(entries.drop(keyOf(kind, id), SHUT_MS), undefined),
    invalidateUser: (user_id) => orElse(entries.dropUser(user_id, SHUT_MS), 0),
    read: entries.read,
    cleanUp: entries.cleanUp,
    close: entries.close,
  };
}

function keyOf(kind: CacheKind, id: string): string {
  return `${kind}:${id}`;
}

/** Undefined where it is of another version, or not ours. */
function parsed<Value>(text: string, schema: z.ZodType<Value>): Value | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
