/** An admin bans a key or an address, once. */
import { describe, expect, test } from 'vitest';
import { banByPerson } from '../../../src/guard/bans/banByPerson.ts';
import { banExtended, guardBanned } from '../../../src/guard/bans/banEvents.ts';
import { given, NOW } from '../../support/given.ts';
import { admin } from '../../support/matchFixture.ts';

const COMMAND = '018f3c1e-1111-7111-8111-111111110000';
const BAN = '018f3c1e-1111-7111-8111-11111111aaaa';
const reason = 'Floods the questions.';
const until = new Date(Date.parse(NOW) + 2 * 3_600_000).toISOString();
const open = guardBanned({
  ...{ ban_id: BAN, subject: 'address', value: '192.0.2.1', rule: 'burst' },
  ...{ until, review: false, reason: null },
});

test('a key or an address is banned for so many hours, or until the ban is lifted', () => {
  const facts = { ban_id: COMMAND, rule: 'person', review: false, reason } as const;
  const key = 'ab'.repeat(32);
  const verdict = given()
    .when(banByPerson, { key, reason, hours: 2 }, admin)
    .then(guardBanned({ ...facts, subject: 'key', value: key, until }))!;
  expect(verdict.result).toEqual({ id: COMMAND, key: null, address: null, until, lifted: false });
  given()
    .when(banByPerson, { address: '192.0.2.1', reason }, admin)
    .then(guardBanned({ ...facts, subject: 'address', value: '192.0.2.1', until: null }));
});

test('an open ban is given another end', () => {
  for (const named of [{ ban_id: BAN }, { address: '192.0.2.1' }]) {
    given(open)
      .when(banByPerson, { ...named, reason }, admin)
      .then(banExtended({ ban_id: BAN, until: null, review: false, rule: 'person', reason }));
  }
});

test('a ban that is over cannot be', () => {
  given()
    .when(banByPerson, { ban_id: BAN, reason }, admin)
    .then('ban_ended' as never);
});

describe('what names no one ban is refused', () => {
  test.each([
    { reason },
    { key: 'ab'.repeat(32), address: '192.0.2.1', reason },
    { address: '192.0.2', reason },
    { address: '2001:db8::1', reason },
    { key: 'short', reason },
    { address: '192.0.2.1' },
    { address: '192.0.2.1', reason: 'a\u0007b' },
    { address: '192.0.2.1', reason, hours: 0 },
  ])('%j', (body) => {
    expect(banByPerson.body.safeParse(body).success).toBe(false);
  });
});
