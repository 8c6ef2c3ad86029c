/** An admin switches a policy off: it decides nothing any more. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { answerOf, ownerOf, policyAnswer, thePolicy } from './policy.ts';
import { policyDeactivated } from './policyEvents.ts';
import { refuseWhereOff } from './switched.ts';

export const deactivatePolicy = defineOwnedCommand({
  name: 'policy.deactivate',
  route: 'POST /policies/:policy_id/deactivate',
  summary: 'Switch a policy off; activated again, it begins by observing',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject({}),
  refuse: refuseWhereOff,
  locks: ({ policy_id }) => [thePolicy(policy_id)],
  decide: ({ policy }) => (policy.active ? [policyDeactivated({})] : []),
  resource: policyAnswer,
  result: ({ states: { policy } }) => answerOf(policy),
  keeps: ({ policy_id, owner }) => ({ policy_id, owner }),
  records: [policyDeactivated],
  rejects: [],
});
