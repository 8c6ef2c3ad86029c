/** A policy is switched off. */
import { expect, test } from 'vitest';
import { deactivatePolicy } from '../../src/policies/deactivatePolicy.ts';
import { policyDeactivated } from '../../src/policies/policyEvents.ts';
import { given } from '../support/given.ts';
import { admin } from '../support/matchFixture.ts';
import { activated, created } from './policies.ts';

test('it decides nothing any more, and begins again by observing', () => {
  const { result } = given(created(), activated('enforce', true))
    .when(deactivatePolicy, {}, admin)
    .then(policyDeactivated({}))!;
  expect(result).toMatchObject({ active: false, mode: 'observe', observed_since: null, version: 1 });
});

test('what is off already is not recorded again', () => {
  given(created(), policyDeactivated({})).when(deactivatePolicy, {}, admin).then();
});
