/** Policies that are at work, a portion of them after the other: what jobs weigh. */
import { NIL_ID } from '../../src/core/chain/ids.ts';
import { keepEffectiveness } from '../../src/policies/decisions/cachedEffectiveness.ts';
import { type Effectiveness, readEffectiveness } from '../../src/policies/decisions/effectiveness.ts';
import type { Mode } from '../../src/policies/policy.ts';
import type { Rule } from '../../src/policies/rule.ts';
import type { JobTools } from '../job.ts';

const PORTION = 50;

export interface WeighedPolicy {
  id: string;
  institution_id: string;
  name: string;
  rules: Rule[];
  version: number;
  mode: Mode;
  /** Of its stream, when it was this. */
  sequence: number;
  /** Its institution lets it be changed by itself. */
  auto_tune: boolean;
}

/** Where an institution has policies off, nothing of them is weighed. */
const POLICIES = `
  select p.id, p.institution_id, p.name, p.rules, p.version, p.mode, s.sequence::integer, i.auto_tune
  from policies p
  join institution_settings i on i.id = p.institution_id and i.policies
  join streams s on s.stream = 'policy:' || p.id`;

const SOME = `${POLICIES} where p.active and p.id > $1 order by p.id limit ${PORTION}`;
const ONE = `${POLICIES} where p.id = $1`;

/** Undefined where there is none, or its institution has policies off. */
export async function findWeighed({ pool }: JobTools, id: string): Promise<WeighedPolicy | undefined> {
  return (await pool.query<WeighedPolicy>(ONE, [id])).rows[0];
}

/** @returns whether there was time for all of them */
export async function weighEach(
  tools: JobTools,
  act: (policy: WeighedPolicy, weight: Effectiveness) => Promise<void>,
): Promise<{ weighed: number; is_complete: boolean }> {
  let weighed = 0;
  for (let after = NIL_ID; ; ) {
    const { rows } = await tools.pool.query<WeighedPolicy>(SOME, [after]);
    for (const policy of rows) {
      if (tools.isOver()) return { weighed, is_complete: false };
      await act(policy, await weigh(tools, policy));
      weighed += 1;
    }
    await tools.progress(weighed);
    if (rows.length < PORTION) return { weighed, is_complete: true };
    after = rows.at(-1)!.id;
  }
}

/** Reckons it anew, for whoever asks within the next half hour. */
export async function weigh({ pool, cache }: JobTools, policy: WeighedPolicy): Promise<Effectiveness> {
  return keepEffectiveness(cache, policy, await readEffectiveness(pool as never, policy));
}
