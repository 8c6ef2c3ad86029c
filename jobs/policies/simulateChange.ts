/** An operator tries other rules for a policy on what was decided in the last 30 days. The policy stays as it is. */
import { z } from 'zod';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { simulate } from '../../src/policies/decisions/simulation.ts';
import { type Rule, rulesSchema } from '../../src/policies/rule.ts';
import { defineJob } from '../job.ts';
import { findTold, policyId } from './byHand.ts';

const input = z.strictObject({ ...policyId, rules: rulesSchema }).partial();

export const simulateChange = defineJob({
  name: 'simulate_policy_change',
  summary: 'Says what other rules of a policy would have said of the decisions of the last 30 days; nothing is changed',
  most_ms: 5 * 60_000,
  input: input as z.ZodType<JsonObject>,
  async run(tools) {
    const told = tools.input as { policy_id?: string; rules?: Rule[] };
    const found = await findTold(tools, told, told.rules !== undefined, 'policy_id and rules');
    if ('skipped' in found) return found;
    const { id: policy_id, institution_id, version, rules } = found.policy;
    const before = await simulate(tools.pool as never, institution_id, rules);
    const after = await simulate(tools.pool as never, institution_id, told.rules!);
    return { policy_id, version, before: { ...before }, after: { ...after } };
  },
});
