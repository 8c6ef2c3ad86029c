/**
 * What would make policies better is told to their admins, once for each version; where an institution has `auto_tune` on and it
 * bears little risk, it is asked for. A policy that somebody changes meanwhile is left as it is then, and so is one that would
 * lock out every admin: admins are told where it stands whether it was done.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { quietly } from '../../src/infra/console/tellConsole.ts';
import { changePolicy } from '../../src/policies/changePolicy.ts';
import type { Effectiveness } from '../../src/policies/decisions/effectiveness.ts';
import { type Simulation, simulate } from '../../src/policies/decisions/simulation.ts';
import { type Direction, directionOf, isLowRisk, isWorthIt, tunedRules } from '../../src/policies/decisions/tuning.ts';
import type { Rule } from '../../src/policies/rule.ts';
import { defineJob, type JobTools } from '../job.ts';
import { notify } from '../notices/notify.ts';
import { type WeighedPolicy, weighEach } from './weighedPolicies.ts';

interface Advice {
  direction: Direction;
  rules: Rule[];
  before: Simulation;
  after: Simulation;
}

export const optimizePolicies = defineJob({
  name: 'optimize_policies',
  summary:
    'Tells admins which small change would make a policy better, and makes it where that is switched on and bears little risk',
  most_ms: 30 * 60_000,
  async run(tools) {
    const done = { advised: 0, asked: 0 };
    const ending = await weighEach(tools, async (policy, weight) => {
      const advice = await adviceFor(tools.pool as never, policy, weight);
      if (!advice) return;
      done.advised += 1;
      const isAsked = policy.auto_tune && isLowRisk(advice.direction, policy.mode);
      if (isAsked) await change(tools, policy, advice, weight);
      if (isAsked) done.asked += 1;
      await tell(tools, policy, advice, weight, isAsked);
    });
    return { ...ending, ...done };
  },
});

/** Undefined where nothing would be better. */
async function adviceFor(db: Queryable, policy: WeighedPolicy, weight: Effectiveness): Promise<Advice | undefined> {
  const direction = directionOf(weight);
  const rules = direction && tunedRules(policy.rules, direction);
  if (!rules) return undefined;
  const before = await simulate(db, policy.institution_id, policy.rules);
  const after = await simulate(db, policy.institution_id, rules);
  return isWorthIt(direction, { before, after }) ? { direction, rules, before, after } : undefined;
}

function change({ send }: JobTools, policy: WeighedPolicy, { direction, rules }: Advice, weight: Effectiveness) {
  const { id: policy_id, institution_id: owner, name, version, sequence } = policy;
  const did = direction === 'lower' ? 'lowered' : 'raised';
  const reason = `It was right in ${weight.effectiveness} % of ${weight.decided} decisions: min_confidence is ${did}.`;
  return send({
    name: changePolicy.name,
    input: { policy_id, owner, name, rules, reason },
    key: `optimize_policies ${policy_id} ${version}`,
    expected_sequence: sequence,
  });
}

async function tell(
  { pool, broadcast }: JobTools,
  { id, version, name, institution_id }: WeighedPolicy,
  { direction, before, after }: Advice,
  { effectiveness, decided }: Effectiveness,
  isAsked: boolean,
): Promise<void> {
  const found = `The policy ${name} was right in ${effectiveness} % of ${decided} decisions.`;
  const tried = `With min_confidence ${direction === 'lower' ? 'less' : 'more'} by 5, ${after.predicted_approvals} of ${after.decided} would have passed instead of ${before.predicted_approvals}.`;
  const next = isAsked
    ? `auto_tune asks for it: GET /policies/${id}/evolution says whether it was done.`
    : `POST /policies/${id}/change does it.`;
  const notice = {
    kind: 'notice',
    key: `policy ${id} ${version} ${direction}`,
    text: `${found} ${tried} ${next}`,
  } as const;
  await notify(pool as never, quietly(broadcast), [{ to: { admins: institution_id }, ...notice }]);
}
