/** A policy goes back to what it said. */
import { expect, test } from 'vitest';
import { policyChanged, policyRolledBack } from '../../src/policies/policyEvents.ts';
import { rollbackPolicy } from '../../src/policies/rollbackPolicy.ts';
import { given } from '../support/given.ts';
import { admin } from '../support/matchFixture.ts';
import { activated, created, JUDGES_ALONE, RULE } from './policies.ts';

const changed = policyChanged({ name: 'Finals', rules: [{ ...RULE, min_confidence: 70 }], reason: null });

test('what a version said becomes the next one, and the evolution says so', () => {
  const { result, writes } = given(created(), changed)
    .when(rollbackPolicy, { version: 1, reason: 'Too strict.' }, admin)
    .then(policyRolledBack({ to: 1, name: 'Rounds', rules: [RULE], reason: 'Too strict.' }))!;
  expect(result).toMatchObject({ version: 3, name: 'Rounds', rules: [RULE] });
  expect(writes.find(({ table }) => table === 'policy_changes')).toMatchObject({
    set: { change: 'rolled_back', version: 3, reason: 'Too strict.' },
  });
});

test('the version that holds is none to go back to, nor one that never was', () => {
  for (const version of [2, 3]) {
    given(created(), changed).when(rollbackPolicy, { version }, admin).then('no_such_version');
  }
});

test('a policy that enforces goes back to nothing that locks out every admin', () => {
  given(created([JUDGES_ALONE]), changed, activated('enforce', true))
    .when(rollbackPolicy, { version: 1 }, admin)
    .then('locks_everybody_out');
});
