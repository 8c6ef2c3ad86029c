/** A policy's next version. */
import { expect, test } from 'vitest';
import { changePolicy } from '../../src/policies/changePolicy.ts';
import { policyChanged, policyDeactivated } from '../../src/policies/policyEvents.ts';
import { given, NOW } from '../support/given.ts';
import { admin } from '../support/matchFixture.ts';
import { activated, created, JUDGES_ALONE, RULE } from './policies.ts';

const strict = { ...RULE, min_confidence: 90 };

test('other rules are the next version, and are observed anew', () => {
  const { result, states } = given(created())
    .when(changePolicy, { rules: [strict] }, admin)
    .then(policyChanged({ name: 'Rounds', rules: [strict], reason: null }))!;
  expect(result).toMatchObject({ version: 2, rules: [strict], mode: 'observe', active: true, observed_since: NOW });
  expect(states.policy.past).toEqual([{ version: 1, name: 'Rounds', rules: [RULE] }]);
});

test('a policy that is switched off does not observe its new rules', () => {
  const { result } = given(created(), policyDeactivated({}))
    .when(changePolicy, { name: 'Finals', rules: [strict] }, admin)
    .then(policyChanged({ name: 'Finals', rules: [strict], reason: null }))!;
  expect(result).toMatchObject({ name: 'Finals', active: false, observed_since: null });
});

test('a policy that enforces goes on to enforce', () => {
  const { result } = given(created(), activated('enforce', true))
    .when(changePolicy, { rules: [{ ...RULE, min_confidence: 75 }] }, admin)
    .then(policyChanged({ name: 'Rounds', rules: [{ ...RULE, min_confidence: 75 }], reason: null }))!;
  expect(result).toMatchObject({ version: 2, mode: 'enforce', active: true });
});

test('a policy that enforces never locks out every admin; one that observes may', () => {
  given(created(), activated('enforce', true))
    .when(changePolicy, { rules: [JUDGES_ALONE] }, admin)
    .then('locks_everybody_out');
  given(created(), activated('enforce', true))
    .when(changePolicy, { rules: [strict] }, admin)
    .then('locks_everybody_out');
  given(created())
    .when(changePolicy, { rules: [JUDGES_ALONE] }, admin)
    .then(policyChanged({ name: 'Rounds', rules: [JUDGES_ALONE], reason: null }));
});

test('the hundred versions before it are kept, and no more', () => {
  const changes = Array.from({ length: 120 }, () => policyChanged({ name: 'Rounds', rules: [RULE], reason: null }));
  const { policy } = given(created(), ...changes).states();
  expect(policy.version).toBe(121);
  expect(policy.past.map(({ version }: { version: number }) => version)).toEqual(
    Array.from({ length: 100 }, (_, i) => i + 21),
  );
});
