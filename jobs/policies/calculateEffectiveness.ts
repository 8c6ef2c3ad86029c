/** How often a policy was right is reckoned anew for an operator; within half an hour every other reader is told the same. */
import { z } from 'zod';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { defineJob } from '../job.ts';
import { findTold, policyId } from './byHand.ts';
import { weigh } from './weighedPolicies.ts';

const input = z.strictObject(policyId).partial();

export const calculateEffectiveness = defineJob({
  name: 'calculate_policy_effectiveness',
  summary: 'Reckons anew how often a policy was right in the last seven days',
  most_ms: 5 * 60_000,
  input: input as z.ZodType<JsonObject>,
  async run(tools) {
    const found = await findTold(tools, tools.input as z.output<typeof input>, true, 'policy_id');
    if ('skipped' in found) return found;
    const { id: policy_id, version } = found.policy;
    return { policy_id, version, ...(await weigh(tools, found.policy)) };
  },
});
