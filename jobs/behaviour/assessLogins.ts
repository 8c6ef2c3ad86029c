/** A portion of login sessions is judged: with the models at hand, one after the other, so that nothing else waits for more than one of them. */
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  type ActiveLogin,
  type Assessed,
  readLatest,
  riskOfLogin,
  storeRisks,
} from '../../src/behaviour/trained/assess.ts';
import { dropRisk } from '../../src/behaviour/trained/keptRisk.ts';
import type { JobTools } from '../job.ts';
import { actOnRisk } from './actOnRisk.ts';
import { modelsAtHand } from './modelsAtHand.ts';

type Tools = Pick<JobTools, 'pool' | 'cache' | 'broadcast' | 'queues' | 'send' | 'log'>;

/** What follows from a risk is done before it is stored: what was cut off is found again, and nothing is done twice. */
export async function assessLogins(tools: Tools, logins: readonly ActiveLogin[]): Promise<Assessed[]> {
  const [models, sent] = await Promise.all([modelsAtHand(tools, logins), readLatest(tools.pool, logins)]);
  const assessed: Assessed[] = [];
  for (const [i, login] of logins.entries()) {
    const baseline = login.model_id === null ? null : (models.get(login.model_id) ?? null);
    assessed.push({ login, risk: riskOfLogin(login, sent[i]!, baseline) });
    await setImmediate();
  }
  for (const one of assessed) await actOnRisk(tools, one);
  await storeRisks(tools.pool, assessed);
  const changed = assessed.filter(({ login, risk }) => !isDeepStrictEqual(risk, login.before));
  await Promise.all(changed.map(({ login }) => dropRisk(tools.cache, login)));
  return assessed;
}
