/** An operator takes a policy back to what one of its versions said, as an admin does: where it would lock out every admin, it stays. */
import { z } from 'zod';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { rollbackPolicy } from '../../src/policies/rollbackPolicy.ts';
import { defineJob } from '../job.ts';
import { findTold, policyId } from './byHand.ts';

const REASON = 'An operator took it back.';

const input = z.strictObject({ ...policyId, version: z.int().min(1), reason: z.string().min(1).max(500) }).partial();

const WAS = 'select from policy_changes where policy_id = $1 and version = $2 limit 1';

export const rollBackPolicy = defineJob({
  name: 'rollback_policy',
  summary: 'Takes a policy back to what one of its versions said, as its next version',
  most_ms: 60_000,
  input: input as z.ZodType<JsonObject>,
  async run(tools) {
    const { policy_id, version, reason = REASON } = tools.input as z.output<typeof input>;
    const found = await findTold(tools, { policy_id }, version !== undefined, 'policy_id and version');
    if ('skipped' in found) return found;
    const { id, institution_id: owner, version: current } = found.policy;
    const { rowCount } = await tools.pool.query(WAS, [id, version]);
    if (rowCount === 0 || version! >= current) return { skipped: `there is no version ${version} to go back to` };
    const key = `rollback_policy ${id} ${version} ${tools.slot}`;
    await tools.send({ name: rollbackPolicy.name, input: { policy_id: id, owner, version: version!, reason }, key });
    return { policy_id: id, sent: 1 };
  },
});
