/** What waited for the court is ended with the turn, and after ten minutes in any case. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Ending } from '../../src/logins/ending.ts';
import { endLogin } from '../../src/logins/endLogin.ts';
import { given, NOW } from '../support/given.ts';
import { system } from '../support/matchFixture.ts';

const login_id = randomUUID();
const minutesAgo = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
const waiting = (changes: Partial<Ending> = {}): Ending => ({
  ...{ id: login_id, user_id: randomUUID(), institution_id: null, institutions: [null], revoked: [] },
  ...{ asked_at: minutesAgo(1), ended_at: null, runs_turn: false, ...changes },
});
const end = (fact: Ending | undefined) => given().when(endLogin, { login_id }, system, { fact }).then()!;
const goesOn = (fact: Ending | undefined) => given().when(endLogin, { login_id }, system, { fact }).then('not_ending');

test('where no turn runs any more its tokens end', () => {
  expect(end(waiting()).writes).toMatchObject([
    { table: 'login_ends', key: { login_id }, set: { ended_at: NOW }, insert: false },
    { table: 'revocations', key: { claim: 'login' }, set: { value: login_id, revoked_by: 'system' } },
  ]);
});

test('in a turn it waits for ten minutes at most', () => {
  goesOn(waiting({ runs_turn: true, asked_at: minutesAgo(9.9) }));
  expect(end(waiting({ runs_turn: true, asked_at: minutesAgo(10) })).writes).toHaveLength(2);
});

test('what nobody asked for, or is over, stays as it is', () => {
  for (const fact of [undefined, waiting({ asked_at: null }), waiting({ ended_at: minutesAgo(0.5) })]) {
    goesOn(fact);
  }
});
