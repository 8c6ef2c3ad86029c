/** The guard of an API process, with what it counts by and whom it tells. */
import { createHmac } from 'node:crypto';
import type { ScopeCache } from '../../access/scopeCache.ts';
import { isUuid } from '../../core/chain/ids.ts';
import { createCompositeKeys } from '../../guard/compositeKeys.ts';
import { RULES } from '../../guard/rules.ts';
import { createAddresses } from '../../infra/addresses.ts';
import { createInProcessStore } from '../../infra/guard/inProcess.ts';
import type { Backbone } from '../../infra/process/backbone.ts';
import type { Config } from '../../infra/process/config.ts';
import { createGuard, type Guard } from './guard.ts';
import { createLookUps } from './lookUps.ts';
import { createPunish } from './punish.ts';

interface GuardParts {
  backbone: Backbone;
  /** Of tokens, where they are signed with one. */
  secret: string | undefined;
  scopes: ScopeCache;
}

export type OpenGuard = Guard & { close(): void };

export function openGuard({ backbone, secret, scopes }: GuardParts): OpenGuard {
  const { config, installation, metrics, log } = backbone;
  const most = config.GUARD_MAX_KEYS;
  const store = createInProcessStore(RULES, most || UNBOUNDED);
  const guard = createGuard({
    keys: createCompositeKeys(serverSecretOf(config, secret ?? installation)),
    store: { ...store, isAlone: () => false },
    addresses: createAddresses(config),
    mayAsk: createLookUps(),
    punish: createPunish({ metrics, log }),
    institutionOf: async (id) => (await findScope(scopes, id))?.institution_id ?? null,
  });
  return { ...guard, ...(most === 0 && { admit: async () => {} }), close: store.close };
}

/** Cooldowns are counted where the guard is off, too. */
const UNBOUNDED = 200_000;

async function findScope(scopes: ScopeCache, id: string) {
  return isUuid(id) ? scopes.find({ kind: 'session', id: id.toLowerCase() }, () => true) : undefined;
}

/** Production has a secret of its own; elsewhere all APIs derive the same. */
function serverSecretOf({ SERVER_SECRET }: Config, shared: string): string {
  return SERVER_SECRET ?? createHmac('sha256', shared).update('plearoll visitors').digest('hex');
}
