/** All other login sessions of a person are ended, each by the same rule. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { Ending } from '../../src/logins/ending.ts';
import { terminateOthers } from '../../src/logins/terminateOthers.ts';
import { given } from '../support/given.ts';

const me: Actor = { id: randomUUID(), role: 'judge', institution_id: randomUUID() };
const stays = randomUUID();

const login = (changes: Partial<Ending> = {}): Ending => ({
  ...{
    id: randomUUID(),
    user_id: me.id,
    institution_id: me.institution_id,
    institutions: [me.institution_id],
    revoked: [],
  },
  ...{ asked_at: null, ended_at: null, runs_turn: false, ...changes },
});
const endOthers = (fact: Ending[] | undefined) =>
  given()
    .when(terminateOthers, { reason: 'Signed out.' }, me, { fact, kept: { owner: `${me.id} ${stays}` } })
    .then()!;

test('each is ended, under an id of its own', () => {
  const logins = [login(), login(), login()];
  const { writes, result } = endOthers(logins);
  const revoked = writes.filter(({ table }) => table === 'revocations');
  expect(revoked.map(({ set }) => set.value)).toEqual(logins.map(({ id }) => id));
  expect(new Set(revoked.map(({ key }) => key.id)).size).toBe(3);
  expect(result).toEqual({ id: stays, ended: 3, ending: 0 });
});

test('in a turn of the person they wait for its end', () => {
  const { writes, result } = endOthers([login({ runs_turn: true })]);
  expect(writes.map(({ key }) => key.claim).filter(Boolean)).toEqual(['suspended']);
  expect(result).toEqual({ id: stays, ended: 0, ending: 1 });
});

test('where there is no other nothing happens', () => {
  expect(endOthers(undefined)).toMatchObject({ writes: [], result: { id: stays, ended: 0, ending: 0 } });
});

test('it is asked for in a login session', async () => {
  const ask = (actor: Actor) =>
    terminateOthers.ownerOf!({
      db: undefined as never,
      actor,
      from: {} as never,
      input: {} as never,
      installation: '',
    });
  expect(await ask(me)).toBeUndefined();
  const login = { id: stays, jti: null, auth_time: null, expires_at: 0 };
  expect(await ask({ ...me, login })).toBe(`${me.id} ${stays}`);
});
