/** Keeps what was found, and counts what of it is new. */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { dropPages } from '../../src/threats/keptPage.ts';
import { storeThreats } from '../../src/threats/storeThreats.ts';
import type { Found } from '../../src/threats/threat.ts';
import type { JobTools } from '../job.ts';

export interface Kept {
  /** That were not there before. */
  found: number;
  /** That are still there. */
  again: number;
}

export const NOTHING_KEPT: Kept = { found: 0, again: 0 };

export function sumOf(one: Kept, other: Kept): Kept {
  return { found: one.found + other.found, again: one.again + other.again };
}

export async function keepThreats(
  { pool, cache }: Pick<JobTools, 'pool' | 'cache'>,
  found: readonly Found[],
): Promise<Kept> {
  const stored = await storeThreats(pool as never as Queryable, found);
  const owners = stored.map(({ institution_id }) => institution_id);
  if (stored.length > 0) await dropPages(cache, owners);
  const isNew = stored.filter(({ is_new }) => is_new).length;
  return { found: isNew, again: stored.length - isNew };
}
