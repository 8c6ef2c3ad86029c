/** What a login session is called. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { isUuid } from '../../src/core/chain/ids.ts';
import { loginIdOf } from '../../src/core/loginId.ts';

const digits = (text: string) => createHash('sha256').update(text).digest('hex');

test('a login session is called by the first 16 bytes of the hash of issuer and sign-in, as a uuid', () => {
  const id = loginIdOf({ sid: 'sign-in 1', jti: 'token 1', token: 'x' }, 'https://idp.example');
  expect(id.replaceAll('-', '')).toBe(digits('https://idp.example\nsign-in 1').slice(0, 32));
  expect(isUuid(id)).toBe(true);
});

test('without a sign-in its token names it, and without a name of that its hash', () => {
  const named = loginIdOf({ jti: 'token 1', token: 'x' }, '');
  expect(named.replaceAll('-', '')).toBe(digits('\ntoken 1').slice(0, 32));
  const nameless = loginIdOf({ sid: '', jti: '', token: 'x' }, '');
  expect(nameless.replaceAll('-', '')).toBe(digits(`\n${digits('x')}`).slice(0, 32));
});

test('the same sign-in of another issuer is another', () => {
  const of = (issuer: string) => loginIdOf({ sid: 'sign-in 1', token: 'x' }, issuer);
  expect(new Set([of(''), of('a'), of('b')]).size).toBe(3);
});
