/** Tokens are ended by the names that are given, for every institution by a super_admin and for the own one by an admin. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { revokeTokens } from '../../src/tokens/revokeTokens.ts';
import { given, NOW } from '../support/given.ts';

const root: Actor = { id: randomUUID(), role: 'super_admin', institution_id: null };
const admin: Actor = { id: randomUUID(), role: 'admin', institution_id: randomUUID() };
const user_id = randomUUID();
const KEPT_UNTIL = '2027-11-22T12:00:00.000Z';
const rowsOf = (body: object, actor: Actor) =>
  given()
    .when(revokeTokens, body, actor)
    .then()!
    .writes.map(({ table, key, set }) => ({ table, claim: key.claim, ...set }));

describe('tokens are revoked', () => {
  test('by each of the names that are given, of every institution by a super_admin, and nothing is recorded', () => {
    const verdict = given().when(revokeTokens, { jti: 'a', sid: 'b', user_id }, root).then()!;
    const facts = { institution_id: null, revoked_at: NOW, revoked_by: root.id, kept_until: KEPT_UNTIL };
    expect(verdict.rows).toEqual([]);
    expect(rowsOf({ jti: 'a', sid: 'b', user_id }, root)).toEqual([
      { table: 'revocations', claim: 'jti', value: 'a', ...facts },
      { table: 'revocations', claim: 'sid', value: 'b', ...facts },
      { table: 'revocations', claim: 'sub', value: user_id, ...facts },
    ]);
    expect(verdict.result).toEqual({
      ...{ id: expect.any(String), jti: 'a', sid: 'b', user_id },
      ...{ revoked_at: NOW, kept_until: KEPT_UNTIL },
    });
  });

  test('of the own institution alone by an admin', () => {
    expect(rowsOf({ sid: 'b' }, admin)).toEqual([
      expect.objectContaining({ claim: 'sid', value: 'b', institution_id: admin.institution_id }),
    ]);
  });
});

describe('what names no token is refused', () => {
  test.each([
    {},
    { jti: '' },
    { jti: 'x'.repeat(256) },
    { sid: 'a\nb' },
    { user_id: 'me' },
    { jti: 7 },
    { institution_id: randomUUID() },
  ])('%j', (body) => {
    expect(revokeTokens.body.safeParse(body).success).toBe(false);
  });
});
