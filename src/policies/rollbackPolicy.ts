/** An admin takes a policy back to what one of its versions said: that becomes the next version. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { reason } from './content.ts';
import { adminsSeen, refuseLockout } from './lockout.ts';
import { answerOf, ownerOf, policyAnswer, thePolicy } from './policy.ts';
import { policyRolledBack } from './policyEvents.ts';
import { reject } from './policyProblems.ts';
import { refuseWhereOff } from './switched.ts';
import { thePolicies } from './thePolicies.ts';

export const rollbackPolicy = defineOwnedCommand({
  name: 'policy.rollback',
  route: 'POST /policies/:policy_id/rollback',
  summary: 'Take a policy back to what one of its versions said, as its next version',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject({ version: z.int().min(1), reason: reason.optional() }),
  example: { version: 1 },
  refuse: refuseWhereOff,
  locks: ({ policy_id, owner }) => [thePolicy(policy_id), thePolicies(owner)],
  facts: adminsSeen,
  decide({ policy }, { input: { version, reason = null }, now }, admins) {
    const past = policy.past.find((one) => one.version === version);
    if (!past) return reject('no_such_version', `There is no version ${version} to go back to.`);
    const { name } = past;
    const rules = [...past.rules];
    const lockout = policy.mode === 'enforce' ? refuseLockout({ ...policy, rules }, admins, now) : undefined;
    return lockout ?? [policyRolledBack({ to: version, name, rules, reason })];
  },
  resource: policyAnswer,
  result: ({ states: { policy } }) => answerOf(policy),
  keeps: ({ policy_id, owner }) => ({ policy_id, owner }),
  records: [policyRolledBack],
  rejects: ['no_such_version', 'locks_everybody_out'],
});
