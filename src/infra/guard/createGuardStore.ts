/**
 * Where the guard counts: in Redis, or in this process where there is none. While Redis is away the process counts by
 * itself, and knows for how long it has.
 */
import type { RedisServer } from '../redis/redis.ts';
import type { Log } from '../telemetry/log.ts';
import type { GuardStore } from './guardStore.ts';

export interface SharedStore extends GuardStore {
  /** For so long Redis was away; 0 where it is not, or where there is none. */
  alone_ms(): number;
}

interface Options {
  /** In this process. */
  own: GuardStore;
  shared: GuardStore | undefined;
  redis: Pick<RedisServer, 'isConnected'> | undefined;
  /** Redis came back, perhaps empty. */
  onReturn(): void;
  log: Pick<Log, 'error' | 'info'>;
}

const LOOK_AGAIN_MS = 1_000;

export function createGuardStore({ own, shared, redis, onReturn, log }: Options): SharedStore {
  let alone_since: number | undefined;
  let watch: NodeJS.Timeout | undefined;

  function beAlone({ message }: Error): void {
    if (alone_since !== undefined) return;
    alone_since = performance.now();
    log.error({ err: { message } }, 'guard alone: this process counts by itself');
    watch = setInterval(() => redis?.isConnected() && beBack(), LOOK_AGAIN_MS).unref();
  }

  function beBack(): void {
    if (alone_since === undefined) return;
    const alone_seconds = Math.round((performance.now() - alone_since) / 1_000);
    alone_since = undefined;
    clearInterval(watch);
    log.info({ alone_seconds }, 'guard back on Redis');
    onReturn();
  }

  /** The same question to Redis, or while it is away to this process. */
  async function ask<T>(question: (store: GuardStore) => Promise<T>): Promise<T> {
    if (shared === undefined) return question(own);
    try {
      const answer = await question(shared);
      beBack();
      return answer;
    } catch (fault) {
      beAlone(fault as Error);
      return question(own);
    }
  }

  return {
    admit: (visitor, route) => ask((store) => store.admit(visitor, route)),
    pace: (key) => ask((store) => store.pace(key)),
    isCrowd: (visitor) => ask((store) => store.isCrowd(visitor)),
    isShadowed: (keys) => ask((store) => store.isShadowed(keys)),
    waitOf: (key, cooldown_ms) => ask((store) => store.waitOf(key, cooldown_ms)),
    post: (key, cooldown_ms) => ask((store) => store.post(key, cooldown_ms)),
    giveBack: (key, turn) => ask((store) => store.giveBack(key, turn)),
    countRefusedText: (key) => ask((store) => store.countRefusedText(key)),
    mayCommand: (institution) => ask((store) => store.mayCommand(institution)),
    keepReporter: (key, reporter) => ask((store) => store.keepReporter(key, reporter)),
    mirror: (bans) => ask((store) => store.mirror(bans)),
    claimMirror: () => ask((store) => store.claimMirror()),
    alone_ms: () => (alone_since === undefined ? 0 : performance.now() - alone_since),
    close() {
      clearInterval(watch);
      shared?.close();
      own.close();
    },
  };
}
