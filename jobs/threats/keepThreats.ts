/** Keeps what was found, and tells admins of what is sure enough: those of the institution, or of the installation where it is of none. Once for each threat. */

import { quietly, tellConsole } from '../../src/infra/console/tellConsole.ts';
import { TOLD_FROM } from '../../src/threats/rules.ts';
import { type StoredThreat, storeThreats } from '../../src/threats/storeThreats.ts';
import type { Found } from '../../src/threats/threat.ts';
import type { JobTools } from '../job.ts';
import { notify } from '../notices/notify.ts';

export interface Kept {
  /** That were not there before. */
  found: number;
  /** That are still there. */
  again: number;
  told: number;
}

export const NOTHING_KEPT: Kept = { found: 0, again: 0, told: 0 };

export function sumOf(one: Kept, other: Kept): Kept {
  return { found: one.found + other.found, again: one.again + other.again, told: one.told + other.told };
}

export async function keepThreats(tools: Pick<JobTools, 'pool' | 'broadcast'>, found: readonly Found[]): Promise<Kept> {
  const stored = await storeThreats(tools.pool as never, found);
  let told = 0;
  for (const threat of stored.filter(({ confidence }) => confidence >= TOLD_FROM)) told += await tell(tools, threat);
  const isNew = stored.filter(({ is_new }) => is_new).length;
  return { found: isNew, again: stored.length - isNew, told };
}

async function tell({ pool, broadcast }: Pick<JobTools, 'pool' | 'broadcast'>, threat: StoredThreat): Promise<number> {
  const { id, type, subject_kind, subject, confidence, institution_id: admins } = threat;
  const publish = quietly(broadcast);
  const text = `threat_alert: ${type} by the ${subject_kind} ${subject}, confidence ${confidence} of 100. Look at GET /threats, and say what it was.`;
  const notice = { to: { admins }, kind: 'notice', key: `threat ${id}`, text } as const;
  const told = await notify(pool as never, publish, [notice]);
  const body = { id, threat: type, subject_kind, subject, confidence };
  if (told > 0) await tellConsole(publish, { event: 'threat_alert', to: { admins }, body });
  return told;
}
