/** The guard of an API process, with what it counts by, the bans that it knows, and whom it tells. */
import type { ScopeCache } from '../../access/scopeCache.ts';
import { isUuid } from '../../core/chain/ids.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { createCompositeKeys } from '../../guard/compositeKeys.ts';
import { RULES } from '../../guard/rules.ts';
import { createAddresses } from '../../infra/addresses.ts';
import { createGuardStore } from '../../infra/guard/createGuardStore.ts';
import { type Bans, followBans, REPORTS } from '../../infra/guard/followBans.ts';
import type { GuardStore } from '../../infra/guard/guardStore.ts';
import { createInProcessStore } from '../../infra/guard/inProcess.ts';
import { createRedisStore } from '../../infra/guard/redis.ts';
import type { Backbone } from '../../infra/process/backbone.ts';
import { serverSecretOf } from '../../infra/process/serverSecret.ts';
import { openCache } from '../../infra/redis/openCache.ts';
import type { Acceptor } from '../commands/acceptance.ts';
import { bannedAs } from './bannedAs.ts';
import { createGuard, type Guard } from './guard.ts';
import { createLookUps } from './lookUps.ts';
import { createMirror } from './mirrorBans.ts';
import { createPunish } from './punish.ts';

interface GuardParts {
  backbone: Backbone;
  /** Of role `door`. */
  db: Queryable;
  acceptor: Acceptor;
  /** Of tokens, where they are signed with one. */
  secret: string | undefined;
  scopes: ScopeCache;
}

export type OpenGuard = Guard & { close(): void };

/** Nobody is stopped, and no key looked up for it. */
const OFF: Pick<Guard, 'admit' | 'mayAsk' | 'pace'> = {
  admit: async () => {},
  mayAsk: async () => false,
  pace: async () => {},
};
/** Cooldowns are counted where the guard is off, too. */
const UNBOUNDED = 200_000;

/** @throws where the bans cannot be read, or the Redis that may forget is not fit */
export async function openGuard({ backbone, db, acceptor, secret, scopes }: GuardParts): Promise<OpenGuard> {
  const { config, installation, prefix, broadcast, metrics, log } = backbone;
  const most = config.GUARD_MAX_KEYS || UNBOUNDED;
  const cache = await openCache(backbone);
  const redis = cache ?? backbone.redis;
  const store = createGuardStore({
    own: createInProcessStore(RULES, most),
    shared: redis && createRedisStore({ redis, prefix, numbers: RULES, most }),
    redis,
    onReturn: () => mirror.mirrorAgain(),
    log,
  });
  const mirror = createMirror({ store, bans: () => bans, installation, log });
  let bans: Bans | undefined;
  bans = await followBans({ db, broadcast, onChange: mirror.mirror, log });
  const isOn = config.GUARD_MAX_KEYS > 0;
  if (isOn) mirror.start();
  const endReports = followReports(backbone, store);
  const guard = createGuard({
    ...{ store, bans, installation },
    keys: createCompositeKeys(serverSecretOf(config, secret ?? installation)),
    addresses: createAddresses(config),
    mayAsk: createLookUps(),
    ...createPunish({ store, accept: acceptor.accept, installation, metrics, log }),
    institutionOf: async (id) => (await findScope(scopes, id))?.institution_id ?? null,
  });
  function close(): void {
    endReports();
    mirror.close();
    bans!.close();
    store.close();
    cache?.close();
  }
  return { ...guard, ...(!isOn && OFF), close };
}

/** The truth is in Postgres, and asked at each post; this tells whatever else looks at Redis. */
function followReports({ broadcast, log }: Backbone, store: GuardStore): () => void {
  const subscribed = broadcast.subscribe(REPORTS, (text) => {
    const { owner, value, reporter } = JSON.parse(text) as { owner: string; value: string; reporter: string };
    store.keepReporter(bannedAs(value, owner), reporter).catch((err) => log.debug({ err }, 'keeping reporter failed'));
  });
  subscribed.catch((err) => log.debug({ err }, 'no channel of reports'));
  return () => void subscribed.then((end) => end()).catch(() => {});
}

async function findScope(scopes: ScopeCache, id: string) {
  return isUuid(id) ? scopes.find({ kind: 'session', id: id.toLowerCase() }, () => true) : undefined;
}
