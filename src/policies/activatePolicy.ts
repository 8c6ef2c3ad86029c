/** An admin has a policy observe, or enforce: then the door refuses what does not pass it, before it is accepted. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { adminsSeen, refuseLockout } from './lockout.ts';
import { answerOf, MODES, ownerOf, type Policy, policyAnswer, thePolicy } from './policy.ts';
import { policyActivated } from './policyEvents.ts';
import { reject } from './policyProblems.ts';
import { refuseWhereOff } from './switched.ts';
import { thePolicies } from './thePolicies.ts';

const OBSERVED_DAYS = 7;
const OBSERVED_MS = OBSERVED_DAYS * 24 * 3_600_000;

function isObserved({ mode, observed_since }: Policy, now: string): boolean {
  return mode === 'observe' && observed_since !== null && Date.parse(now) - Date.parse(observed_since) >= OBSERVED_MS;
}

export const activatePolicy = defineOwnedCommand({
  name: 'policy.activate',
  route: 'POST /policies/:policy_id/activate',
  summary: 'Have a policy observe, or enforce: after seven days of observing, or at once with `force`',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject({ mode: z.enum(MODES), force: z.boolean().default(false) }),
  example: { mode: 'observe' },
  // Without an issuer any token with our secret would do, and no confidence could be had in who sends it.
  features: ({ mode }) => (mode === 'enforce' ? ['JWT_ISSUER'] : []),
  refuse: refuseWhereOff,
  locks: ({ policy_id, owner }) => [thePolicy(policy_id), thePolicies(owner)],
  facts: adminsSeen,
  decide({ policy }, { input: { mode, force }, now }, admins) {
    if (policy.active && policy.mode === mode) return [];
    if (mode === 'observe') return [policyActivated({ mode, forced: false })];
    const forced = !isObserved(policy, now);
    if (forced && !force) {
      const detail = `It observes since ${policy.observed_since ?? 'never'}, and enforces after ${OBSERVED_DAYS} days of it.`;
      return reject('not_observed_long_enough', detail);
    }
    return refuseLockout(policy, admins, now) ?? [policyActivated({ mode, forced })];
  },
  resource: policyAnswer,
  result: ({ states: { policy } }) => answerOf(policy),
  keeps: ({ policy_id, owner, mode }) => ({ policy_id, owner, mode }),
  records: [policyActivated],
  rejects: ['not_observed_long_enough', 'locks_everybody_out'],
});
