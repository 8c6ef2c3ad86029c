/** An admin gives a policy other rules. What it said before stays, as a version to go back to. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { CONTENT_EXAMPLE, contentBody, faultsOfRules } from './content.ts';
import { adminsSeen, refuseLockout } from './lockout.ts';
import { answerOf, ownerOf, policyAnswer, thePolicy } from './policy.ts';
import { policyChanged } from './policyEvents.ts';
import { refuseWhereOff } from './switched.ts';
import { thePolicies } from './thePolicies.ts';

export const changePolicy = defineOwnedCommand({
  name: 'policy.change',
  route: 'POST /policies/:policy_id/change',
  summary: 'Give a policy other rules, as its next version; one that observes begins to observe anew',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject(contentBody),
  example: CONTENT_EXAMPLE,
  refuse: refuseWhereOff,
  looksOut: faultsOfRules,
  locks: ({ policy_id, owner }) => [thePolicy(policy_id), thePolicies(owner)],
  facts: adminsSeen,
  decide({ policy }, { input, now }, admins) {
    const { name = policy.name, rules, reason = null } = input;
    const lockout = policy.mode === 'enforce' ? refuseLockout({ ...policy, rules }, admins, now) : undefined;
    return lockout ?? [policyChanged({ name, rules, reason })];
  },
  resource: policyAnswer,
  result: ({ states: { policy } }) => answerOf(policy),
  keeps: ({ policy_id, owner }) => ({ policy_id, owner }),
  records: [policyChanged],
  rejects: ['locks_everybody_out'],
});
