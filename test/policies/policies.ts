/** What the specifications of policies have in common. */
import type { NewEvent } from '../../src/core/definitions/event.ts';
import type { Mode } from '../../src/policies/policy.ts';
import { policyActivated, policyCreated } from '../../src/policies/policyEvents.ts';
import type { Rule } from '../../src/policies/rule.ts';
import { INSTITUTION } from '../support/matchFixture.ts';

export const RULE: Rule = {
  ...{ resource_type: 'turn.*', allowed_roles: ['admin', 'judge', 'moderator'], min_confidence: 60, step_up: false },
};

/** Nobody passes it who is an admin. */
export const JUDGES_ALONE: Rule = { ...RULE, allowed_roles: ['judge'] };

export const created = (rules: Rule[] = [RULE], name = 'Rounds'): NewEvent =>
  policyCreated({ institution_id: INSTITUTION, name, rules, reason: null });

export const activated = (mode: Mode, forced = false): NewEvent => policyActivated({ mode, forced });
