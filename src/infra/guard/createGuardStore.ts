/**
 * Where the guard counts: in Redis, or in this process where there is none. While Redis is away the process counts by
 * itself, and knows for how long it has.
 */
import { createFallback } from '../redis/fallback.ts';
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

export function createGuardStore({ own, shared, redis, onReturn, log }: Options): SharedStore {
  const { ask, alone_ms, close } = createFallback({
    ...{ own, shared, redis },
    onAway({ message }) {
      log.error({ err: { message } }, 'guard alone: this process counts by itself');
    },
    onReturn(alone_seconds) {
      log.info({ alone_seconds }, 'guard back on Redis');
      onReturn();
    },
  });

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
    alone_ms,
    close,
  };
}
