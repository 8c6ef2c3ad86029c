/** What policies say of a request, and how often they were right. */
import { expect, test } from 'vitest';
import { type Asked, about, judge, type KnownPolicies, overrideOf } from '../../src/policies/decisions/decision.ts';
import { effectivenessOf } from '../../src/policies/decisions/effectiveness.ts';
import { petitioner, SESSION } from '../support/matchFixture.ts';
import { RULE } from './policies.ts';

const asked: Asked = {
  ...{ command: 'turn.start', role: 'participant', confidence: 75, stepped_up: false, hour: 12 },
  ...{ user_id: petitioner.id, session_id: SESSION },
};
const policy = { id: 'one', version: 3, rules: [RULE] } as const;
const known = (mode: 'observe' | 'enforce', ...overrides: string[]): KnownPolicies => ({
  ...{ time_zone: 'UTC', policies: [{ ...policy, mode }], overrides: new Set(overrides) },
});
const outcomeOf = (policies: KnownPolicies, changes: Partial<Asked> = {}) =>
  judge(policies, { ...asked, ...changes }).map(({ outcome }) => outcome);

test('a policy that observes would refuse, one that enforces refuses, and each says what lacks', () => {
  expect(judge(known('observe'), asked)).toEqual([
    { policy_id: 'one', version: 3, outcome: 'would_refuse', lacks: ['role'] },
  ]);
  expect(outcomeOf(known('enforce'))).toEqual(['refused']);
  expect(outcomeOf(known('enforce'), { role: 'judge' })).toEqual(['passed']);
  expect(outcomeOf(known('enforce'), { command: 'session.start' })).toEqual([]);
});

test('what of policies is about a command says of it what all of them say', () => {
  const { policies, ...rest } = known('enforce');
  const others = ['turn.stop', 'turn.start', 'session.*'].map((resource_type) => ({ ...RULE, resource_type }));
  const many = { ...rest, policies: [...policies, { ...policies[0]!, id: 'two', rules: others }] };
  for (const command of ['turn.start', 'turn.stop', 'session.start', 'gallery.open']) {
    expect(judge(about(many, command), { ...asked, command })).toEqual(judge(many, { ...asked, command }));
  }
  expect(about(many, 'turn.start').policies.map(({ rules }) => rules.length)).toEqual([1, 1]);
  expect(about(many, 'gallery.open').policies).toEqual([]);
});

test('what is lifted is lifted for that person, in that session, for what a round is made of', () => {
  const lifted = known('enforce', overrideOf('one', SESSION, petitioner.id));
  expect(outcomeOf(lifted)).toEqual(['lifted']);
  expect(outcomeOf(lifted, { session_id: 'another' })).toEqual(['refused']);
  expect(outcomeOf(lifted, { session_id: null })).toEqual(['refused']);
  expect(outcomeOf(lifted, { user_id: 'another' })).toEqual(['refused']);
  const ofGallery = {
    ...lifted,
    policies: [{ ...policy, mode: 'enforce' as const, rules: [{ ...RULE, resource_type: 'gallery.*' }] }],
  };
  expect(outcomeOf(ofGallery, { command: 'gallery.open' })).toEqual(['refused']);
});

test('effectiveness is the share that was right, 70 where nothing is known, and sure where enough is', () => {
  expect(effectivenessOf({ right: 0, wrong: 0 })).toEqual({
    effectiveness: 70,
    decided: 0,
    interval: null,
  });
  expect(effectivenessOf({ right: 27, wrong: 2 })).toMatchObject({ effectiveness: 93, interval: null });
  expect(effectivenessOf({ right: 95, wrong: 5 })).toEqual({
    ...{ effectiveness: 95, decided: 100, interval: { from: 89, to: 98 } },
  });
  expect(effectivenessOf({ right: 0, wrong: 40 })).toMatchObject({
    effectiveness: 0,
    interval: { from: 0 },
  });
});
