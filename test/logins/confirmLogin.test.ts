/** A step-up is answered by a sign-in after it, with another token of the same person, and makes nothing last longer than it says. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/core/chain/sha256.ts';
import type { Actor, Login } from '../../src/core/definitions/actor.ts';
import { confirmLogin } from '../../src/logins/confirmLogin.ts';
import { answeringOf, type StepUp } from '../../src/logins/stepUp.ts';
import { given, NOW } from '../support/given.ts';

const user_id = randomUUID();
const login_id = randomUUID();
const other = randomUUID();
const JTI = 'the one that it was asked of';
const ASKED_AT = '2026-11-21T11:59:00.000Z';
const asked_s = Date.parse(ASKED_AT) / 1_000;
const now_s = Date.parse(NOW) / 1_000;

const stepUp = (changes: Partial<StepUp> = {}): StepUp => ({
  ...{ login_id, user_id, asked_at: ASKED_AT, asked_jti: sha256(JTI), confirmed_at: null },
  ...{ confirmed_device: null, confirmed_network: null, ...changes },
});
const from = { device: 'a', network: 'b' };
const me = (changes: Partial<Login> = {}): Actor => ({
  ...{ id: user_id, role: 'judge', institution_id: randomUUID() },
  login: { id: other, jti: 'another', auth_time: asked_s + 30, expires_at: 0, ...changes },
});
const confirm = (login: Partial<Login> = {}, fact: StepUp | undefined = stepUp()) => {
  const owner = JSON.stringify(answeringOf(me(login), from));
  return given().when(confirmLogin, {}, me(login), { fact, kept: { login_id, owner } });
};

test('both login sessions are noted, and from where, and it lasts for 15 minutes', () => {
  const { rows, writes, result } = confirm().then()!;
  expect(rows).toEqual([]);
  const set = { confirmed_at: NOW, confirmed_in: other, confirmed_device: 'a', confirmed_network: 'b' };
  expect(writes).toEqual([{ table: 'step_ups', key: { login_id, user_id }, set, insert: false }]);
  const until = '2026-11-21T12:15:00.000Z';
  expect(result).toEqual({ id: login_id, asked_at: ASKED_AT, confirmed_at: NOW, until });
});

test.each<[string, Partial<Login>]>([
  ['a token of the same login session with another jti', { id: login_id, jti: 'another' }],
  ['a token without a jti that is a login session by itself', { jti: null, of_one_token: true }],
  ['a sign-in in the next second', { auth_time: asked_s + 1 }],
  ['an issuer whose clock is a little ahead', { auth_time: now_s + 5 }],
])('%s is taken', (_, login) => {
  expect(confirm(login).then()!.writes).toHaveLength(1);
});

describe('it is not answered by', () => {
  test.each<[string, Partial<Login>]>([
    ['the token that it was asked of', { id: login_id, jti: JTI }],
    ['its jti under another sid', { jti: JTI }],
    ['another token of the same login session that has no jti', { id: login_id, jti: null }],
    ['the same jti where nothing else names the login session', { id: login_id, of_one_token: true }],
    ['a sign-in before it', { auth_time: asked_s - 1 }],
    ['a sign-in in its second', { auth_time: asked_s }],
    ['a token that says no time', { auth_time: null }],
    ['a sign-in to come', { auth_time: now_s + 6 }],
  ])('%s', (_, login) => {
    confirm(login).then('step_up_required');
  });

  test('a sign-in of more than 15 minutes ago, however long ago it was asked', () => {
    const asked_at = new Date(Date.parse(NOW) - 10 * 3_600_000).toISOString();
    const asked = stepUp({ asked_at });
    const quarter_s = 15 * 60;
    for (const auth_time of [Date.parse(asked_at) / 1_000 + 1, now_s - quarter_s - 1]) {
      confirm({ auth_time }, asked).then('step_up_required');
    }
    expect(confirm({ auth_time: now_s - quarter_s }, asked).then()!.writes).toHaveLength(1);
  });

  test('anything, where none is asked any more', () => {
    const kept = { login_id, owner: JSON.stringify(answeringOf(me(), from)) };
    given().when(confirmLogin, {}, me(), { kept }).then('step_up_required');
  });
});

test('what was confirmed before stays as it is, and lasts no longer', () => {
  const confirmed_at = '2026-11-21T11:59:30.000Z';
  const asked = stepUp({ confirmed_at, confirmed_device: 'a', confirmed_network: 'b' });
  for (const auth_time of [asked_s + 30, now_s]) {
    const { writes, result } = confirm({ auth_time }, asked).then()!;
    expect(writes).toEqual([]);
    expect(result).toMatchObject({ confirmed_at, until: '2026-11-21T12:14:30.000Z' });
  }
});

describe('what was confirmed elsewhere', () => {
  const confirmed_at = '2026-11-21T11:59:30.000Z';
  const confirmed_s = Date.parse(confirmed_at) / 1_000;
  const places = [
    { confirmed_device: 'z', confirmed_network: 'b' },
    { confirmed_device: 'a', confirmed_network: 'z' },
  ];

  test.each(places)('is confirmed here by a sign-in after that', (place) => {
    const { writes, result } = confirm({ auth_time: confirmed_s + 6 }, stepUp({ confirmed_at, ...place })).then()!;
    const set = { confirmed_at: NOW, confirmed_in: other, confirmed_device: 'a', confirmed_network: 'b' };
    expect(writes).toEqual([{ table: 'step_ups', key: { login_id, user_id }, set, insert: false }]);
    expect(result).toMatchObject({ confirmed_at: NOW, until: '2026-11-21T12:15:00.000Z' });
  });

  test.each(places)('stays there whatever copy of a token of before comes from here, and says so', (place) => {
    // Also by an issuer whose clock is a little ahead.
    for (const auth_time of [confirmed_s - 10, confirmed_s, confirmed_s + 5])
      confirm({ auth_time }, stepUp({ confirmed_at, ...place })).then('step_up_required');
  });
});

test('the inbox keeps no jti', () => {
  const owner = JSON.stringify(answeringOf(me({ jti: JTI }), from));
  expect(owner).not.toContain(JTI);
  expect(confirmLogin.keeps!({ login_id, owner } as never)).toEqual({ login_id, owner });
});
