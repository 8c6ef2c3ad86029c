/** Keeps what was found, and counts what of it is new. */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { storeThreats } from '../../src/threats/storeThreats.ts';
import type { Found } from '../../src/threats/threat.ts';

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

/** @param db of role `worker` */
export async function keepThreats(db: Queryable, found: readonly Found[]): Promise<Kept> {
  const stored = await storeThreats(db, found);
  const isNew = stored.filter(({ is_new }) => is_new).length;
  return { found: isNew, again: stored.length - isNew };
}
