/** Policies: which commands need which role, hour and confidence. Observed first, and enforced at the door. */
import { defineModule } from '../core/definitions/module.ts';
import { activatePolicy } from './activatePolicy.ts';
import { changePolicy } from './changePolicy.ts';
import { createPolicy } from './createPolicy.ts';
import { deactivatePolicy } from './deactivatePolicy.ts';
import { overridePolicy } from './overridePolicy.ts';
import { policyChanges, policyOverrides, policies as policyTable } from './policy.ts';
import { policyProblems } from './policyProblems.ts';
import { readEvolution, readPolicies, readPolicy } from './readPolicies.ts';
import { rollbackPolicy } from './rollbackPolicy.ts';
import { policiesStream } from './thePolicies.ts';

export const policies = defineModule({
  name: 'policies',
  problems: policyProblems,
  reserved: { event_prefixes: [], stream_kinds: ['policy', 'policies'] },
  commands: [createPolicy, changePolicy, rollbackPolicy, activatePolicy, deactivatePolicy, overridePolicy],
  kinds: [policiesStream],
  tables: [policyTable, policyChanges, policyOverrides],
  queries: [readPolicies, readPolicy, readEvolution],
});
