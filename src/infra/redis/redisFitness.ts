/**
 * Whether a Redis is one to rely on. The queue's must keep what it is given: one that evicts throws jobs and their locks
 * away without a word. And it is what its URL says: a client of a single server loses its way in a Cluster. It is asked whenever it comes; a
 * process that meets a wrong one first does not start, or is not ready. One that has served on a right one goes on and
 * says so: the record does not need Redis, and an outage would.
 */

import type { Redis } from 'ioredis';
import type { Log } from '../telemetry/log.ts';
import { timings } from '../timings.ts';
import type { RedisLink } from './redisLink.ts';

export interface Fitness {
  /** Resolves when it was polled. */
  polled: Promise<void>;
  /** What is wrong with it, and what to do, as of the last poll. */
  complaint(): string | undefined;
  /** It is not what its URL says. */
  isAnother(): boolean;
  /** False while a wrong one is the only one seen so far. */
  isFit(): boolean;
  close(): void;
}

/** As Redis tells it; null where it may not be known. */
export interface Traits {
  policy: string | null;
  isCluster: boolean | null;
}

const RIGHT = 'noeviction';

/** @param mayEvict where it only keeps what may be forgotten */
export function watchFitness(
  redis: Redis,
  { link, mayEvict, log }: { link: RedisLink; mayEvict: boolean; log: Pick<Log, 'error' | 'warn' | 'info'> },
): Fitness {
  let traits: Traits | undefined;
  let wasRight = false;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let onPolled = () => {};
  const polled = new Promise<void>((resolve) => {
    onPolled = resolve;
  });

  const complaint = () => link.complaint() ?? (traits && complaintOf(traits, link, mayEvict));

  async function poll(): Promise<void> {
    clearTimeout(timer);
    const before = traits;
    try {
      traits = await readTraits(redis);
      onPolled();
      if (traits.policy !== before?.policy || traits.isCluster !== before?.isCluster) tell(traits);
    } catch {
      // It is away again, or slow: it is asked once more.
    }
    const isSettled = traits !== undefined && complaint() === undefined;
    wasRight ||= isSettled && traits!.policy !== null;
    if (!isSettled && !closed) timer = setTimeout(() => void poll(), timings.redis.fitness_every_ms).unref();
  }

  function tell({ policy }: Traits): void {
    const wrong = complaint();
    if (wrong !== undefined) log.error({ policy }, wrong);
    else if (mayEvict) return;
    else if (policy === null) log.warn(`the eviction policy of Redis cannot be read; make sure that it is ${RIGHT}`);
    else log.info({ policy }, 'Redis keeps what the queue gives it');
  }

  redis.on('ready', () => void poll());
  return {
    polled,
    complaint,
    isAnother: () => traits !== undefined && isStray(traits, link),
    isFit: () => wasRight || complaint() === undefined,
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** What is wrong with a Redis, and what to do. */
export function complaintOf(traits: Traits, link: RedisLink, mayEvict: boolean): string | undefined {
  const { place } = link;
  const { policy } = traits;
  if (isStray(traits, link)) return clusterAdvice(place);
  return mayEvict || policy === null || policy === RIGHT ? undefined : evictionAdvice(place, policy);
}

function isStray({ isCluster }: Traits, { target }: RedisLink): boolean {
  return isCluster === true && target.kind !== 'cluster';
}

/** @throws when Redis does not answer */
export async function readTraits(redis: Redis): Promise<Traits> {
  const [configured, memory, cluster] = await Promise.all([
    unlessRefused(redis.config('GET', 'maxmemory-policy')) as Promise<string[] | undefined>,
    // Where CONFIG is not for us, as on a managed Redis, INFO tells.
    unlessRefused(redis.info('memory')),
    unlessRefused(redis.info('cluster')),
  ]);
  const [, policy] = configured ?? [];
  const [, enabled] = /^cluster_enabled:(\d)/m.exec(cluster ?? '') ?? [];
  return {
    policy: policy ?? /^maxmemory_policy:(\S+)/m.exec(memory ?? '')?.[1] ?? null,
    isCluster: enabled === undefined ? null : enabled === '1',
  };
}

/** Undefined where Redis answers that we may not ask. */
async function unlessRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: Error) => {
    if (error.name !== 'ReplyError') throw error;
    return undefined;
  });
}

function evictionAdvice(place: string, policy: string): string {
  return (
    `Redis ${place} evicts (maxmemory-policy ${policy}), and the queue must lose nothing: set maxmemory-policy ` +
    `${RIGHT}, or name another Redis in REDIS_URL. For REDIS_CACHE_URL any policy will do.`
  );
}

function clusterAdvice(place: string): string {
  return (
    `Redis ${place} is a node of a Redis Cluster: write redis+cluster:// (or rediss+cluster://) in its URL, and name ` +
    'some of its nodes, separated by commas.'
  );
}
