/** A login session is ended at once, or after the turn of its person, and never twice. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { Ending } from '../../src/logins/ending.ts';
import { terminateLogin } from '../../src/logins/terminateLogin.ts';
import { given, NOW } from '../support/given.ts';

const user_id = randomUUID();
const institution_id = randomUUID();
const login_id = randomUUID();
const admin: Actor = { id: randomUUID(), role: 'admin', institution_id };
const own: Actor = { id: user_id, role: 'judge', institution_id };
const reason = 'A laptop was stolen.';
const EARLIER = '2026-11-21T11:59:00.000Z';

const login = (changes: Partial<Ending> = {}): Ending => ({
  ...{ id: login_id, user_id, institution_id, asked_at: null, ended_at: null, runs_turn: false },
  ...{ institutions: [institution_id], revoked: [] },
  ...changes,
});
const end = (fact: Ending | undefined, body: object = {}, actor = own) =>
  given()
    .when(terminateLogin, { reason, ...body }, actor, { fact, kept: { login_id, owner: user_id } })
    .then()!;
const shown = ({ writes }: ReturnType<typeof end>) =>
  writes.map(({ table, key, set, insert }) => ({ table, insert, claim: key.claim, ...set }));

test('its tokens are good for nothing any more, and nothing is recorded', () => {
  const verdict = end(login());
  expect(verdict.rows).toEqual([]);
  expect(shown(verdict)).toMatchObject([
    { table: 'login_ends', insert: true, asked_at: NOW, asked_by: user_id, reason, ended_at: NOW },
    { table: 'revocations', claim: 'login', value: login_id, institution_id, revoked_at: NOW, revoked_by: user_id },
  ]);
  expect(verdict.result).toEqual({ id: login_id, status: 'ended', ended_at: NOW });
});

describe('in a turn of its person', () => {
  test('it may send nothing from now on, and waits for the turn', () => {
    const verdict = end(login({ runs_turn: true }));
    expect(shown(verdict)).toMatchObject([
      { table: 'login_ends', insert: true, ended_at: null },
      { table: 'revocations', claim: 'suspended', value: login_id },
    ]);
    expect(verdict.result).toEqual({ id: login_id, status: 'ending', ended_at: null });
  });

  test('an admin who says now ends it all the same, also where it waits', () => {
    const at_once = end(login({ runs_turn: true }), { now: true }, admin);
    expect(shown(at_once)).toMatchObject([{ ended_at: NOW }, { claim: 'login' }]);
    const waiting = end(login({ runs_turn: true, asked_at: EARLIER }), { now: true }, admin);
    expect(shown(waiting)).toMatchObject([
      { table: 'login_ends', insert: false, ended_at: NOW },
      { table: 'revocations', claim: 'login' },
    ]);
    expect(waiting.result).toEqual({ id: login_id, status: 'ended', ended_at: NOW });
  });

  test('one that is over elsewhere waits for the turn here, and says so', () => {
    const over = {
      asked_at: EARLIER,
      ended_at: EARLIER,
      runs_turn: true,
      institutions: [institution_id, randomUUID()],
    };
    const verdict = end(login({ ...over, revoked: [{ claim: 'login', institution_id }] }));
    expect(shown(verdict)).toMatchObject([
      { insert: false, asked_at: NOW, ended_at: null },
      { claim: 'suspended', institution_id: over.institutions[1] },
    ]);
    expect(verdict.result).toEqual({ id: login_id, status: 'ending', ended_at: null });
    const whole = end(login({ ...over, revoked: [{ claim: 'login', institution_id: null }] }));
    expect(whole).toMatchObject({ writes: [], result: { status: 'ended', ended_at: EARLIER } });
  });

  test('nobody else says so', () => {
    expect(terminateLogin.faults!({ now: true } as never, own)).toEqual([{ pointer: '/now', detail: 'is for admins' }]);
    expect(terminateLogin.faults!({ now: true } as never, admin)).toEqual([]);
    expect(terminateLogin.faults!({ now: false } as never, own)).toEqual([]);
  });
});

test('what was asked before changes nothing, and is answered as it is', () => {
  const revoked = (claim: 'login' | 'suspended') => ({ revoked: [{ claim, institution_id }] });
  const waiting = end(login({ runs_turn: true, asked_at: EARLIER, ...revoked('suspended') }));
  expect([waiting.writes, waiting.result]).toEqual([[], { id: login_id, status: 'ending', ended_at: null }]);
  const ended = end(login({ asked_at: EARLIER, ended_at: EARLIER, ...revoked('login') }));
  expect([ended.writes, ended.result]).toEqual([[], { id: login_id, status: 'ended', ended_at: EARLIER }]);
  expect(end(undefined).writes).toEqual([]);
});

test('what was ended with the tokens of another institution alone is ended with its own', () => {
  const revoked = [{ claim: 'login' as const, institution_id: randomUUID() }];
  const ended = end(login({ asked_at: EARLIER, ended_at: EARLIER, revoked }));
  expect(shown(ended)).toMatchObject([{ table: 'revocations', claim: 'login', institution_id }]);
  expect(ended.result).toEqual({ id: login_id, status: 'ended', ended_at: EARLIER });
});

test('the inbox keeps no reason', () => {
  const input = { login_id, owner: user_id, reason, now: false };
  expect(terminateLogin.keeps!(input)).toEqual({ login_id, owner: user_id, now: false });
});
