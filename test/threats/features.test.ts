/** The seven features of a person: what each is of, and below which count it is null. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FEATURE_NAMES, FEATURES, featuresOf, type Known, type Values } from '../../src/threats/features.ts';

const NOTHING: Known = {
  ...{ bad_signatures: null, sent_today: 0, sent_at_night: 0, sent_elsewhere: 0, sent_before: 0, days_before: 0 },
  ...{ networks_today: 0, networks_new: 0, has_known_network: false, devices_today: 0, refused_today: 0 },
};
const known = (changes: Partial<Known>): Values => featuresOf({ ...NOTHING, ...changes });

test('are seven, and null of nothing', () => {
  expect(FEATURES.map(({ name }) => name)).toEqual(FEATURE_NAMES);
  expect(FEATURES).toHaveLength(7);
  expect(Object.values(known({}))).toEqual(FEATURES.map(() => null));
});

test('failed_logins are the bad signatures from networks of one person', () => {
  expect(known({ bad_signatures: 0 }).failed_logins).toBe(0);
  expect(known({ bad_signatures: 7 }).failed_logins).toBe(7);
});

test('odd_hours, scope_deviation and denials are shares of a thousand', () => {
  const day = { sent_today: 40, sent_at_night: 10, sent_elsewhere: 20, sent_before: 20, refused_today: 10 };
  expect(known(day)).toMatchObject({ odd_hours: 250, scope_deviation: 500, denials: 200 });
});

test('frequency_change is the day through the mean of the days on which there was something', () => {
  expect(known({ sent_today: 60, sent_before: 90, days_before: 3 }).frequency_change).toBe(2_000);
  expect(known({ sent_today: 60, sent_before: 90, days_before: 6 }).frequency_change).toBe(4_000);
});

test('new_networks are a share of the networks of a day, and devices are counted', () => {
  const seen = { networks_today: 3, networks_new: 1, has_known_network: true, devices_today: 2 };
  expect(known(seen)).toMatchObject({ new_networks: 333, devices: 2 });
});

test('are null below their least counts', () => {
  expect(known({ sent_today: 9, sent_at_night: 9 }).odd_hours).toBe(null);
  expect(known({ sent_today: 10, sent_at_night: 9 }).odd_hours).toBe(900);
  expect(known({ sent_today: 10, sent_elsewhere: 10, sent_before: 19 }).scope_deviation).toBe(null);
  expect(known({ sent_today: 10, sent_elsewhere: 10, sent_before: 20 }).scope_deviation).toBe(1_000);
  expect(known({ sent_today: 10, sent_before: 20, days_before: 2 }).frequency_change).toBe(null);
  expect(known({ sent_today: 10, sent_before: 30, days_before: 3 }).frequency_change).toBe(1_000);
  expect(known({ networks_today: 1, networks_new: 1 }).new_networks).toBe(null);
  expect(known({ refused_today: 9 }).denials).toBe(null);
  expect(known({ refused_today: 10 }).denials).toBe(1_000);
});

test('docs/assurance.md has a row for each', () => {
  const lines = readFileSync('docs/assurance.md', 'utf8').split('\n');
  for (const { name, unit, formula, of } of FEATURES)
    expect(lines).toContain(`| \`${name}\` | ${unit} | ${formula} | ${of} |`);
});
