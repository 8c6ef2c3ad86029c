/** The code for a first look round: who is offered one, and what it is good for. */
import { expect, test } from 'vitest';
import { readConfig } from '../../src/infra/process/config.ts';
import { createTrial, offersTrial } from '../../src/infra/trial.ts';

const MINUTE_MS = 60_000;
const offers = (env: Record<string, string>, isTerminal = true) =>
  offersTrial(readConfig(env, 'all', false), isTerminal);
const PUBLIC_KEY =
  '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----';

test.each([{}, { HOST: 'localhost' }, { HOST: '::1' }, { NODE_ENV: 'test' }])(
  'it is offered on a terminal with %j',
  (env) => {
    expect(offers(env as Record<string, string>)).toBe(true);
    expect(offers(env as Record<string, string>, false)).toBe(false);
  },
);

test.each([
  { NODE_ENV: 'production' },
  { PUBLIC_URL: 'https://court.example' },
  { HOST: '0.0.0.0' },
  { HOST: '::' },
  { HOST: '192.168.1.20' },
  { JWT_PUBLIC_KEY: PUBLIC_KEY },
])('it is not with %j', (env) => {
  expect(offers(env as Record<string, string>)).toBe(false);
});

test('it is good once, for a token of two hours of an institution of its own', () => {
  const [one, other] = [createTrial(JSON.stringify), createTrial(JSON.stringify)];
  expect(one.code).toMatch(/^[\w-]{22}$/);
  expect(one.redeem(other.code)).toBeUndefined();
  expect(one.redeem('')).toBeUndefined();
  const { token, institution_id, expires_at } = one.redeem(one.code)!;
  expect(one.redeem(one.code)).toBeUndefined();
  const claims = JSON.parse(token);
  expect(claims).toMatchObject({ role: 'admin', institution_id, exp: Date.parse(expires_at) / 1_000 });
  expect(Math.round((claims.exp - Date.now() / 1_000) / 60)).toBe(120);
  expect(other.redeem(other.code)!.institution_id).not.toBe(institution_id);
});

test.each([
  [10 * MINUTE_MS, true],
  [10 * MINUTE_MS + 1, false],
])('after %d ms it is still good: %s', (later_ms, isGood) => {
  let now = 5_000;
  const trial = createTrial(JSON.stringify, () => now);
  now += later_ms;
  expect(trial.redeem(trial.code) !== undefined).toBe(isGood);
});
