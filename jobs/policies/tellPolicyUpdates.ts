/** Consoles of admins are told of each change of a policy of their institution, and where one is lifted for a person. */
import { tellConsole } from '../../src/infra/console/tellConsole.ts';
import { policyChanges, policyOverrides } from '../../src/policies/policy.ts';
import type { Follower } from '../apply/follower.ts';

export const tellPolicyUpdates: Follower = ({ writes }, { publish }) =>
  writes.flatMap(({ table, key: { policy_id }, set }) => {
    const to = { admins: set.institution_id as string };
    if (table === policyChanges.name) {
      const { change, version, mode, active } = set;
      return [tellConsole(publish, { event: 'policy_update', to, body: { policy_id, change, version, mode, active } })];
    }
    if (table !== policyOverrides.name) return [];
    const { session_id, user_id } = set;
    const body = { policy_id, change: 'lifted', session_id, user_id };
    return [tellConsole(publish, { event: 'policy_update', to, body })];
  });
