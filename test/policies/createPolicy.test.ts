/** A policy begins by observing. */
import { expect, test } from 'vitest';
import { createPolicy } from '../../src/policies/createPolicy.ts';
import { policyCreated } from '../../src/policies/policyEvents.ts';
import { given, NOW } from '../support/given.ts';
import { admin, INSTITUTION, POLICY, superAdmin } from '../support/matchFixture.ts';
import { RULE } from './policies.ts';

const more = { id: POLICY };

test('a policy observes at once, as its first version', () => {
  const reason = 'The semi-finals begin.';
  const facts = { institution_id: INSTITUTION, name: 'Rounds', rules: [RULE], reason };
  const { result, writes } = given()
    .when(createPolicy, { name: 'Rounds', rules: [RULE], reason }, admin, more)
    .then(policyCreated(facts))!;
  expect(result).toEqual({
    ...{ id: POLICY, institution_id: INSTITUTION, name: 'Rounds', rules: [RULE], version: 1, mode: 'observe' },
    ...{ active: true, observed_since: NOW, created_at: NOW, changed_at: NOW },
  });
  expect(writes.find(({ table }) => table === 'policy_changes')).toMatchObject({
    key: { policy_id: POLICY, n: 1 },
    set: { change: 'created', version: 1, reason, changed_by: admin.id, changed_at: NOW },
  });
});

test('a policy without a name is called what it is', () => {
  const facts = { institution_id: INSTITUTION, name: 'Policy', rules: [RULE], reason: null };
  given()
    .when(createPolicy, { rules: [RULE] }, admin, more)
    .then(policyCreated(facts));
});

test('an institution has at most a hundred policies', () => {
  given()
    .when(createPolicy, { rules: [RULE] }, admin, { ...more, fact: 100 })
    .then('too_many_policies');
});

test('a super_admin says in which institution', () => {
  const faults = (body: object) => createPolicy.faults!(createPolicy.body.parse(body) as never, superAdmin);
  expect(faults({ rules: [RULE] }).map(({ pointer }) => pointer)).toEqual(['/institution_id']);
  expect(faults({ rules: [RULE], institution_id: INSTITUTION })).toEqual([]);
});

test('a rule about what is no command is refused, and told where it stands', async () => {
  const outside = { isCommand: (name: string) => name === 'turn.*' } as never;
  const rules = [RULE, { ...RULE, resource_type: 'turn.stop' }];
  const input = createPolicy.body.parse({ rules }) as never;
  const faults = await createPolicy.looksOut!(outside, { input, actor: admin });
  expect(faults.map(({ pointer }) => pointer)).toEqual(['/rules/1/resource_type']);
});

test.each([
  { rules: [] },
  { rules: Array.from({ length: 51 }, () => RULE) },
  { rules: [{ ...RULE, resource_type: 'turn' }] },
  { rules: [{ ...RULE, resource_type: '*' }] },
  { rules: [{ ...RULE, allowed_roles: [] }] },
  { rules: [{ ...RULE, allowed_roles: ['king'] }] },
  { rules: [{ ...RULE, allowed_roles: ['judge', 'judge'] }] },
  { rules: [{ ...RULE, min_confidence: 101 }] },
  { rules: [{ ...RULE, min_confidence: -1 }] },
  { rules: [{ ...RULE, min_confidence: 60.5 }] },
  { rules: [{ ...RULE, hours: { from: 9, to: 24 } }] },
  { rules: [{ ...RULE, hours: { from: 9, to: 9 } }] },
  { rules: [{ ...RULE, step_up: 'yes' }] },
  { rules: [{ ...RULE, colour: 'red' }] },
  { rules: [RULE], reason: '' },
  {},
])('%j is refused', (body) => {
  expect(createPolicy.body.safeParse(body).success).toBe(false);
});
