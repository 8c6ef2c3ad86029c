/** What the tasks have in common by which an operator weighs, tries or takes back one policy by hand. */
import { id } from '../../src/core/definitions/schemas.ts';
import type { JobTools } from '../job.ts';
import { findWeighed, type WeighedPolicy } from './weighedPolicies.ts';

export const policyId = { policy_id: id };

/** Found, or why there is nothing to be done. */
export async function findTold(
  tools: JobTools,
  { policy_id }: { policy_id?: string | undefined },
  isWhole: boolean,
  needs: string,
): Promise<{ policy: WeighedPolicy } | { skipped: string }> {
  if (policy_id === undefined || !isWhole) return { skipped: `it is to be told ${needs}` };
  const policy = await findWeighed(tools, policy_id);
  return policy ? { policy } : { skipped: 'there is no such policy, or its institution has policies off' };
}
