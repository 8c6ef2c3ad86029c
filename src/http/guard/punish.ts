/** What the guard does about a key or an address: told in the log, without address, and counted. */
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Punishment } from './guard.ts';

interface Punishing {
  metrics: Pick<Metrics, 'guardActions'>;
  log: Pick<Log, 'warn'>;
}

export function createPunish({ metrics, log }: Punishing) {
  return async ({ rule, institution_id, key, address }: Punishment): Promise<void> => {
    const actions = [...(key === undefined ? [] : ['shadowban']), ...(address === undefined ? [] : ['block'])];
    for (const action of actions) {
      metrics.guardActions.inc({ rule, action });
      log.warn({ rule, action, institution_id, ...(action === 'shadowban' && { key }) }, 'guard action');
    }
  };
}
