/** A login session whose risk is critical is ended at once, or after the turn of its person, and never twice. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Ending } from '../../src/logins/ending.ts';
import { expelLogin } from '../../src/logins/expelLogin.ts';
import { given, NOW } from '../support/given.ts';
import { system } from '../support/matchFixture.ts';

const login_id = randomUUID();
const EARLIER = '2026-11-21T11:40:00.000Z';
const [institution_id, other] = [randomUUID(), randomUUID()];
const login = (changes: Partial<Ending> = {}): Ending => ({
  ...{ id: login_id, user_id: randomUUID(), institution_id, institutions: [institution_id], revoked: [] },
  ...{ asked_at: null, ended_at: null, runs_turn: false, ...changes },
});
const revoked = (claim: 'login' | 'suspended', whose: string | null = institution_id) => [
  { claim, institution_id: whose },
];
const input = { login_id, user_id: randomUUID(), owner: randomUUID() };
const end = (fact: Ending | undefined) => given().when(expelLogin, input, system, { fact }).then()!;

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
  const waiting = login({ asked_at: NOW, runs_turn: true, revoked: revoked('suspended') });
  for (const fact of [waiting, login({ asked_at: NOW, ended_at: NOW, revoked: revoked('login') })]) {
    expect(end(fact).writes).toEqual([]);
  }
});

test('is over for every institution of which it has tokens, and for each once', () => {
  const institutions = [institution_id, other];
  const whose = ({ writes }: ReturnType<typeof end>) =>
    writes.flatMap(({ table, set }) => (table === 'revocations' ? [set.institution_id] : []));
  const { writes } = end(login({ institutions }));
  expect(whose({ writes } as never)).toEqual(institutions);
  expect(new Set(writes.map(({ key }) => key.id ?? '')).size).toBe(3);
  const over = { asked_at: NOW, ended_at: NOW, institutions };
  expect(end(login({ ...over, revoked: revoked('login') })).writes).toMatchObject([
    { table: 'revocations', key: { claim: 'login' }, set: { institution_id: other } },
  ]);
  expect(end(login({ ...over, revoked: revoked('login', null) })).writes).toEqual([]);
  const waiting = login({ asked_at: NOW, runs_turn: true, institutions, revoked: revoked('suspended') });
  expect(end(waiting).writes).toMatchObject([{ key: { claim: 'suspended' }, set: { institution_id: other } }]);
});

test('is over for one institution and in a turn of another: it lets the turn end there, whenever it was over', () => {
  const over = { asked_at: EARLIER, ended_at: EARLIER, runs_turn: true, institutions: [institution_id, other] };
  expect(end(login({ ...over, revoked: revoked('login') })).writes).toMatchObject([
    { table: 'login_ends', insert: false, set: { asked_at: NOW, asked_by: 'system', ended_at: null } },
    { table: 'revocations', key: { claim: 'suspended' }, set: { institution_id: other } },
  ]);
  const again = [...revoked('login'), ...revoked('suspended', other)];
  expect(end(login({ ...over, asked_at: NOW, ended_at: null, revoked: again })).writes).toEqual([]);
  expect(end(login({ ...over, revoked: [...revoked('login'), ...revoked('login', other)] })).writes).toEqual([]);
});

test('of a super_admin is over whatever institution a token of it names', () => {
  const { writes } = end(login({ institution_id: null, institutions: [null, other], revoked: revoked('login') }));
  expect(writes).toMatchObject([
    { table: 'login_ends', set: { institution_id: null } },
    { table: 'revocations', set: { institution_id: null } },
  ]);
  expect(writes).toHaveLength(2);
});

test('of which nothing is known changes nothing', () => {
  expect(end(undefined).writes).toEqual([]);
});
