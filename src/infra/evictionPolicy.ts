/**
 * The queue's Redis must keep what it is given: one that evicts throws jobs and their locks away without a word. It is
 * asked for its policy whenever it comes; a process that meets the wrong one first does not start, or is not ready. One
 * that has served on the right one goes on and says so: the record does not need Redis, and an outage would.
 */
import type { Redis } from 'ioredis';
import type { Log } from './log.ts';

export interface PolicyWatch {
  /** Resolves when the policy was looked at, or Redis has been away for a moment. @throws when it is a wrong one */
  demandFit(): Promise<void>;
  /** False while a wrong policy is the only one seen so far. */
  isFit(): boolean;
  close(): void;
}

const RIGHT = 'noeviction';
const WAIT_AT_START_MS = 1_000;
/** A policy can be put right without a restart of anything. */
const LOOK_AGAIN_MS = 5_000;

export function watchPolicy(redis: Redis, log: Pick<Log, 'error' | 'warn' | 'info'>): PolicyWatch {
  let policy: string | null | undefined;
  let wasRight = false;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let onLooked = () => {};
  const looked = new Promise<void>((resolve) => {
    onLooked = resolve;
  });

  const isWrong = () => typeof policy === 'string' && policy !== RIGHT;

  async function look(): Promise<void> {
    clearTimeout(timer);
    const before = policy;
    try {
      policy = await readPolicy(redis);
      onLooked();
      if (policy !== before) tell();
    } catch {
      // It is away again, or slow: it is asked once more.
    }
    if (policy === RIGHT) wasRight = true;
    else if (!closed && policy !== null) timer = setTimeout(() => void look(), LOOK_AGAIN_MS).unref();
  }

  function tell(): void {
    if (isWrong()) log.error({ policy }, advice(policy!));
    else if (policy === null) log.warn(`the eviction policy of Redis cannot be read; make sure that it is ${RIGHT}`);
    else log.info({ policy }, 'Redis keeps what the queue gives it');
  }

  async function demandFit(): Promise<void> {
    await Promise.race([looked, new Promise((resolve) => setTimeout(resolve, WAIT_AT_START_MS))]);
    if (isWrong()) throw new Error(advice(policy!));
  }

  redis.on('ready', () => void look());
  return {
    demandFit,
    isFit: () => wasRight || !isWrong(),
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** @returns null where it may not be known. @throws when Redis does not answer */
async function readPolicy(redis: Redis): Promise<string | null> {
  const [, configured] = ((await unlessRefused(redis.config('GET', 'maxmemory-policy'))) ?? []) as string[];
  if (configured !== undefined) return configured;
  // Where CONFIG is not for us, as on a managed Redis, INFO tells.
  const info = (await unlessRefused(redis.info('memory'))) ?? '';
  return /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? null;
}

/** Undefined where Redis answers that we may not ask. */
async function unlessRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: Error) => {
    if (error.name !== 'ReplyError') throw error;
    return undefined;
  });
}

function advice(policy: string): string {
  return (
    `Redis evicts (maxmemory-policy ${policy}), and the queue must lose nothing: set maxmemory-policy ${RIGHT}, or ` +
    'name another Redis in REDIS_URL. For REDIS_CACHE_URL any policy will do.'
  );
}
