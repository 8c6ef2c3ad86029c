/** A policy is lifted for a person, until a session ends. */
import { expect, test } from 'vitest';
import { overridePolicy } from '../../src/policies/overridePolicy.ts';
import { policyOverridden } from '../../src/policies/policyEvents.ts';
import { given } from '../support/given.ts';
import { admin, petitioner, SESSION } from '../support/matchFixture.ts';
import { activated, created } from './policies.ts';

const body = { session_id: SESSION, user_id: petitioner.id, reason: 'The hall has a new network.' };

test('it is recorded with the reason, and the policy stays as it is', () => {
  const { result, writes } = given(created(), activated('enforce', true))
    .when(overridePolicy, body, admin, { fact: { is_on: true, is_lifted: false } })
    .then(policyOverridden(body))!;
  expect(result).toMatchObject({ version: 1, mode: 'enforce', active: true });
  expect(writes).toMatchObject([
    { table: 'policy_overrides', set: { ...body, overridden_by: admin.id, overridden_at: expect.any(String) } },
  ]);
});

test('what is lifted already is not recorded again', () => {
  given(created())
    .when(overridePolicy, body, admin, { fact: { is_on: true, is_lifted: true } })
    .then();
});

test('it is for people on the roster of a session that has not ended', () => {
  for (const fact of [{ is_on: false, is_lifted: false }, undefined]) {
    given(created()).when(overridePolicy, body, admin, { fact }).then('not_overridable');
  }
  expect(overridePolicy.body.safeParse({ ...body, reason: '' }).success).toBe(false);
  expect(overridePolicy.body.safeParse({ ...body, reason: undefined }).success).toBe(false);
});
