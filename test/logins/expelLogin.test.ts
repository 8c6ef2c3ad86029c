/** A login session whose risk is critical is ended at once, or after the turn of its person, and never twice. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Ending } from '../../src/logins/ending.ts';
import { expelLogin } from '../../src/logins/expelLogin.ts';
import { given, NOW } from '../support/given.ts';
import { system } from '../support/matchFixture.ts';

const login_id = randomUUID();
const login = (changes: Partial<Ending> = {}): Ending => ({
  ...{ id: login_id, user_id: randomUUID(), institution_id: randomUUID() },
  ...{ asked_at: null, ended_at: null, runs_turn: false, ...changes },
});
const input = { login_id, user_id: randomUUID(), owner: randomUUID() };
const end = (fact: Ending) => given().when(expelLogin, input, system, { fact }).then()!;

test('its tokens end, and it says who ended it and why', () => {
  const verdict = end(login());
  expect(verdict.rows).toEqual([]);
  expect(verdict.writes).toMatchObject([
    { table: 'login_ends', insert: true, set: { asked_by: 'system', reason: expect.any(String), ended_at: NOW } },
    { table: 'revocations', key: { claim: 'login' }, set: { value: login_id, revoked_by: 'system' } },
  ]);
});

test('in a turn of its person it may send nothing from now on, and waits for the turn', () => {
  expect(end(login({ runs_turn: true })).writes).toMatchObject([
    { table: 'login_ends', set: { ended_at: null } },
    { table: 'revocations', key: { claim: 'suspended' } },
  ]);
});

test('what is over or waits for the court stays as it is', () => {
  for (const fact of [login({ asked_at: NOW, runs_turn: true }), login({ asked_at: NOW, ended_at: NOW })]) {
    expect(end(fact).writes).toEqual([]);
  }
});
