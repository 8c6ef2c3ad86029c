/** Every threshold at its edge: indicators, how sure they are together, detectors, models and accuracy. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { accuracyOf, isWarnedOf } from '../../src/threats/accuracy.ts';
import { isBruteForce, isCoordinated, isEscalation } from '../../src/threats/detectors.ts';
import { FEATURE_NAMES, type Values } from '../../src/threats/features.ts';
import { shiftsOf } from '../../src/threats/models.ts';
import { confidenceOf, indicatorsOf, predict, typeOf } from '../../src/threats/predict.ts';
import { KEPT_FROM, THRESHOLDS, TOLD_FROM } from '../../src/threats/rules.ts';

const NULLS = Object.fromEntries(FEATURE_NAMES.map((name) => [name, null])) as Values;
const values = (changes: Partial<Values>): Values => ({ ...NULLS, ...changes });

test('there is one threshold for each feature', () => {
  expect(THRESHOLDS.map(({ feature }) => feature)).toEqual(FEATURE_NAMES);
  expect(Object.fromEntries(THRESHOLDS.map(({ feature, from }) => [feature, from]))).toEqual({
    ...{ failed_logins: 5, odd_hours: 300, scope_deviation: 400, frequency_change: 2_000 },
    ...{ new_networks: 300, devices: 3, denials: 500 },
  });
});

describe.each(THRESHOLDS)('$feature', ({ feature, from, severity, high_from, high_severity }) => {
  const at = (value: number) => indicatorsOf(values({ [feature]: value }));

  test('is an indicator from its threshold on, and weighs more from the next', () => {
    expect(at(from - 1)).toEqual([]);
    expect(at(from)).toEqual([{ feature, value: from, from, severity }]);
    expect(at(high_from - 1)).toMatchObject([{ severity }]);
    expect(at(high_from)).toEqual([{ feature, value: high_from, from: high_from, severity: high_severity }]);
  });

  test('is kept by itself where it can be nothing but an attempt, and only there', () => {
    const isAttempt = feature === 'failed_logins' || feature === 'denials';
    expect(predict(values({ [feature]: high_from - 1 }))).toBeUndefined();
    expect(predict(values({ [feature]: high_from }))?.confidence).toBe(isAttempt ? 100 : undefined);
  });
});

test('the confidence is the severities through three times their number', () => {
  const of = (...severities: (1 | 2 | 3)[]) => confidenceOf(severities.map((severity) => ({ severity })));
  expect([of(), of(1), of(2), of(3), of(3, 2), of(3, 1), of(3, 2, 2), of(3, 3, 1)]).toEqual([
    ...[0, 33, 66, 100, 83, 66, 77, 77],
  ]);
  expect([KEPT_FROM, TOLD_FROM]).toEqual([70, 80]);
});

test('a day of rounds, new in every way, makes nobody a threat', () => {
  const day = { odd_hours: 1_000, scope_deviation: 1_000, frequency_change: 9_000, new_networks: 1_000, devices: 9 };
  expect(predict(values(day))).toBeUndefined();
});

test('a threat is called by what stands out', () => {
  const of = (...features: (keyof Values)[]) => typeOf(features.map((feature) => ({ feature })));
  expect(of('failed_logins', 'denials', 'scope_deviation')).toBe('brute_force_attack');
  expect(of('denials', 'scope_deviation', 'devices')).toBe('privilege_escalation');
  expect(of('denials', 'new_networks')).toBe('account_compromise');
  expect(of('devices')).toBe('account_compromise');
  expect(of('denials', 'frequency_change')).toBe('automated_attack');
  expect(of('denials', 'odd_hours')).toBe('suspicious_activity');
});

test('what an institution learnt moves severities by one, within their bounds', () => {
  const severityOf = (value: number, shift: number) =>
    indicatorsOf(values({ denials: value }), { denials: shift })[0]!.severity;
  expect([severityOf(500, -1), severityOf(500, 1), severityOf(800, 1), severityOf(800, -1)]).toEqual([1, 3, 3, 2]);
});

test('the detectors find what is at their edge, and nothing below it', () => {
  expect([isBruteForce({ failures: 9 }), isBruteForce({ failures: 10 })]).toEqual([false, true]);
  expect(isEscalation({ refused: 2, sent_since: 0 })).toBe(false);
  expect(isEscalation({ refused: 3, sent_since: 17 })).toBe(true);
  expect(isEscalation({ refused: 3, sent_since: 18 })).toBe(false);
  expect(isCoordinated({ people: 2, tries: 50 })).toBe(false);
  expect(isCoordinated({ people: 3, tries: 9 })).toBe(false);
  expect(isCoordinated({ people: 3, tries: 10 })).toBe(true);
});

test('a model moves a severity only where the whole interval says so', () => {
  const label = (n: number, correct: number) => shiftsOf([{ feature: 'denials', n, correct }]).denials;
  expect(label(29, 0)).toBeUndefined();
  expect(label(30, 0)).toBe(-1);
  expect(label(40, 16)).toBeUndefined();
  expect(label(100, 50)).toBeUndefined();
  expect(label(60, 60)).toBe(1);
  expect(label(60, 57)).toBeUndefined();
});

test('nothing is said of how often threats are right where fewer than 30 have an outcome', () => {
  expect(accuracyOf({ resolved: 29, correct: 29 })).toEqual({
    ...{ days: 30, n: 29, correct: 29, accuracy: null, interval: null },
  });
  expect(accuracyOf({ resolved: 30, correct: 24 })).toEqual({
    ...{ days: 30, n: 30, correct: 24, accuracy: 80, interval: { from: 63, to: 90 } },
  });
  expect([24, 23].map((correct) => isWarnedOf({ resolved: 30, correct }))).toEqual([false, true]);
  expect(isWarnedOf({ resolved: 29, correct: 0 })).toBe(false);
});

test('docs/assurance.md has every threshold', () => {
  const lines = readFileSync('docs/assurance.md', 'utf8').split('\n');
  for (const { feature, from, severity, high_from, high_severity } of THRESHOLDS)
    expect(lines).toContain(`| \`${feature}\` | ${from} | ${severity} | ${high_from} | ${high_severity} |`);
});
