/**
 * How often a policy was right, kept for half an hour: nothing else of policies is cached. Where too few were decided it is
 * reckoned each time, which is soon done, so that the first decisions are seen at once.
 */
import { z } from 'zod';
import { count } from '../../core/definitions/answers.ts';
import type { Effectiveness } from './effectiveness.ts';

export const effectivenessShape = {
  /** 0 to 100; 70 where nothing was decided. */
  effectiveness: count,
  decided: count,
  /** Within which it lies 19 times in 20; null where fewer than 30 were decided. */
  interval: z.strictObject({ from: count, to: count }).nullable(),
};

const kept = z.strictObject(effectivenessShape);

/** As far as it is needed here. */
interface EffectivenessCache {
  get<Value>(kind: 'policy_performance', id: string, schema: z.ZodType<Value>): Promise<Value | undefined>;
  put(kind: 'policy_performance', id: string, value: unknown): Promise<void>;
}

interface Weighed {
  id: string;
  version: number;
}

/** A version of its own is never mistaken for another. */
const keyOf = ({ id, version }: Weighed) => `${id}-${version}`;

export function findEffectiveness(
  cache: Pick<EffectivenessCache, 'get'>,
  policy: Weighed,
): Promise<Effectiveness | undefined> {
  return cache.get('policy_performance', keyOf(policy), kept);
}

/** @returns what it is given */
export async function keepEffectiveness(
  cache: Pick<EffectivenessCache, 'put'>,
  policy: Weighed,
  reckoned: Effectiveness,
): Promise<Effectiveness> {
  if (reckoned.interval) await cache.put('policy_performance', keyOf(policy), reckoned);
  return reckoned;
}
