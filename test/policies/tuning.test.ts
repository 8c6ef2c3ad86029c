/** Which small change makes a policy better, and which of them may be made by itself. */
import { expect, test } from 'vitest';
import { effectivenessOf } from '../../src/policies/decisions/effectiveness.ts';
import { directionOf, isLowRisk, isWorthIt, tunedRules } from '../../src/policies/decisions/tuning.ts';
import { RULE } from './policies.ts';

const simulated = (predicted_approvals: number) => ({
  ...{ decided: 100, predicted_approvals, wrong_refusals: 100 - predicted_approvals, users_affected: 1 },
});

test('below 70 per cent less confidence is asked for, above 95 more, and between them nothing is changed', () => {
  const directions = [69, 70, 95, 96].map((right) => directionOf(effectivenessOf({ right, wrong: 100 - right })));
  expect(directions).toEqual(['lower', undefined, undefined, 'raise']);
});

test('of fewer than 30 decisions nothing follows', () => {
  expect(directionOf(effectivenessOf({ right: 0, wrong: 29 }))).toBeUndefined();
  expect(directionOf(effectivenessOf({ right: 0, wrong: 30 }))).toBe('lower');
});

test('a step is five, up to 100 and down to 0, and of rules that take no confidence there is none', () => {
  const after = (min_confidence: number, direction: 'lower' | 'raise') =>
    tunedRules([{ ...RULE, min_confidence }], direction)?.[0]?.min_confidence;
  expect([after(60, 'lower'), after(60, 'raise')]).toEqual([55, 65]);
  expect([after(3, 'lower'), after(98, 'raise')]).toEqual([0, 100]);
  expect([after(0, 'lower'), after(0, 'raise'), after(100, 'raise')]).toEqual([undefined, undefined, undefined]);
  const free = { ...RULE, min_confidence: 0 };
  expect(tunedRules([free, RULE], 'raise')).toEqual([free, { ...RULE, min_confidence: 65 }]);
});

test('less is worth it where more pass then, more where nobody is refused for it', () => {
  const tried = (before: number, after: number) => ({ before: simulated(before), after: simulated(after) });
  expect(isWorthIt('lower', tried(50, 51))).toBe(true);
  expect(isWorthIt('lower', tried(50, 50))).toBe(false);
  expect(isWorthIt('raise', tried(50, 50))).toBe(true);
  expect(isWorthIt('raise', tried(50, 49))).toBe(false);
});

test('of itself less is taken by what observes, and more by what enforces', () => {
  expect(isLowRisk('lower', 'observe')).toBe(true);
  expect(isLowRisk('lower', 'enforce')).toBe(false);
  expect(isLowRisk('raise', 'enforce')).toBe(true);
  expect(isLowRisk('raise', 'observe')).toBe(false);
});
