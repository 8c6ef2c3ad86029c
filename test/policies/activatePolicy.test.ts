/** A policy enforces after it was observed, and never where it would lock out every admin. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { activatePolicy } from '../../src/policies/activatePolicy.ts';
import { policyActivated, policyChanged, policyDeactivated } from '../../src/policies/policyEvents.ts';
import type { Rule } from '../../src/policies/rule.ts';
import { given, givenEvery, NOW } from '../support/given.ts';
import { admin, POLICY } from '../support/matchFixture.ts';
import { activated, created, JUDGES_ALONE, RULE } from './policies.ts';

const DAYS_7 = 7 * 24 * 3_600_000;
const enforce = { mode: 'enforce' };

test('after seven days of observing it enforces', () => {
  const { result } = givenEvery(DAYS_7, created())
    .when(activatePolicy, enforce, admin)
    .then(policyActivated({ mode: 'enforce', forced: false }))!;
  expect(result).toMatchObject({ mode: 'enforce', active: true, version: 1 });
});

test('before that it does not, unless it is forced to, which is recorded', () => {
  givenEvery(DAYS_7 - 1, created())
    .when(activatePolicy, enforce, admin)
    .then('not_observed_long_enough');
  given(created())
    .when(activatePolicy, { ...enforce, force: true }, admin)
    .then(policyActivated({ mode: 'enforce', forced: true }));
});

test('other rules are observed anew, and so is what was switched off', () => {
  const others = policyChanged({ name: 'Rounds', rules: [{ ...RULE, min_confidence: 70 }], reason: null });
  givenEvery(DAYS_7 - 1, created(), others)
    .when(activatePolicy, enforce, admin)
    .then('not_observed_long_enough');
  givenEvery(DAYS_7 * 2, created(), policyDeactivated({}))
    .when(activatePolicy, enforce, admin)
    .then('not_observed_long_enough');
});

test('what is so already is not recorded again', () => {
  given(created()).when(activatePolicy, { mode: 'observe' }, admin).then();
  given(created(), activated('enforce', true)).when(activatePolicy, enforce, admin).then();
});

test('one that enforces observes again, from then on', () => {
  const { result } = given(created(), activated('enforce', true))
    .when(activatePolicy, { mode: 'observe' }, admin)
    .then(policyActivated({ mode: 'observe', forced: false }))!;
  expect(result).toMatchObject({ mode: 'observe', active: true, observed_since: NOW });
});

test('enforcing needs an issuer of tokens, observing does not', () => {
  const features = (mode: string) => activatePolicy.features!({ mode } as never);
  expect(features('enforce')).toEqual(['JWT_ISSUER']);
  expect(features('observe')).toEqual([]);
});

describe('locks_everybody_out', () => {
  /** At noon of UTC, which is `NOW`. */
  const seen = (...admins: { confidence: number; hour: number }[]) => ({
    time_zone: 'UTC',
    seen: admins,
    signed_in: [],
    enforced: [],
  });
  const trying = (rules: Rule[], fact?: object) =>
    given(created(rules)).when(activatePolicy, { ...enforce, force: true }, admin, { fact });
  const isLocked = (rules: Rule[], fact?: object) => trying(rules, fact).then('locks_everybody_out');
  const isFree = (rules: Rule[], fact?: object) =>
    trying(rules, fact).then(policyActivated({ mode: 'enforce', forced: true }));

  test('counts the role', () => {
    isLocked([JUDGES_ALONE]);
    isLocked([RULE, { ...JUDGES_ALONE, resource_type: 'turn.start' }]);
  });

  test('but not of commands that admins may not send anyhow', () => {
    isFree([{ ...JUDGES_ALONE, resource_type: 'objection.correct' }]);
  });

  test('counts the confidence that an admin was seen with, which is neutral for the sender', () => {
    isFree([{ ...RULE, min_confidence: 75 }]);
    isLocked([{ ...RULE, min_confidence: 76 }]);
    isFree([{ ...RULE, min_confidence: 76 }], seen({ confidence: 80, hour: 3 }));
  });

  test('counts the hours of the institution, at which an admin was seen', () => {
    const night = { ...RULE, hours: { from: 22, to: 4 } };
    isLocked([night]);
    isLocked([night], seen({ confidence: 75, hour: 4 }));
    isFree([night], seen({ confidence: 75, hour: 3 }));
    isFree([night], { ...seen(), time_zone: 'Pacific/Auckland' });
    isFree([{ ...RULE, hours: { from: 12, to: 13 } }]);
    isLocked([{ ...RULE, hours: { from: 12, to: 13 } }], { ...seen(), time_zone: 'Europe/Berlin' });
  });

  test('counts the hours at which an admin was signed in, with a neutral confidence', () => {
    const night = { ...RULE, hours: { from: 22, to: 4 } };
    const signed_in = ['2026-11-21T22:30:00.000Z', '2026-11-21T12:00:00.000Z'];
    isFree([night], { ...seen(), signed_in });
    isLocked([night], { ...seen(), signed_in: signed_in.slice(1) });
    isLocked([{ ...night, min_confidence: 76 }], { ...seen(), signed_in });
    isFree([{ ...RULE, hours: { from: 23, to: 0 } }], { ...seen(), time_zone: 'Europe/Berlin', signed_in });
  });

  test('asks for one admin who passes all rules of a command, and not for one of each', () => {
    const both = [
      { ...RULE, min_confidence: 80 },
      { ...RULE, resource_type: 'turn.start', hours: { from: 1, to: 2 } },
    ];
    isLocked(both, seen({ confidence: 80, hour: 5 }, { confidence: 60, hour: 1 }));
    isFree(both, seen({ confidence: 80, hour: 1 }));
  });

  test('asks for one admin who passes all policies that enforce, of what this one is about', () => {
    const [morning, evening] = [
      { ...RULE, hours: { from: 6, to: 12 } },
      { ...RULE, hours: { from: 12, to: 18 } },
    ];
    const both = seen({ confidence: 75, hour: 9 }, { confidence: 75, hour: 15 });
    const beside = (...rules: Rule[]) => ({ ...both, enforced: [{ id: randomUUID(), rules }] });
    isFree([evening], { ...both, enforced: [{ id: POLICY, rules: [morning] }] });
    isFree([evening], both);
    isLocked([evening], beside(morning));
    isLocked([evening], beside({ ...morning, resource_type: 'turn.start' }));
    isLocked([{ ...evening, resource_type: 'turn.start' }], beside(morning));
    isLocked([{ ...evening, min_confidence: 60 }], beside({ ...RULE, min_confidence: 76 }));
    isFree([evening], beside({ ...morning, resource_type: 'objection.*' }));
    isFree([evening], beside({ ...JUDGES_ALONE, resource_type: 'session.*' }));
  });

  test('does not count a step-up, which is open to everybody', () => {
    isFree([{ ...RULE, step_up: true }]);
  });
});
