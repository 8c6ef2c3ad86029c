/** A ban that a person has seen asks for no review any more. */
import { expect, test } from 'vitest';
import { banConfirmed, guardBanned } from '../../../src/guard/bans/banEvents.ts';
import { confirmBan } from '../../../src/guard/bans/confirmBan.ts';
import { given } from '../../support/given.ts';
import { admin } from '../../support/matchFixture.ts';

const BAN = '018f3c1e-1111-7111-8111-11111111aaaa';
const key = 'ab'.repeat(32);
const reason = 'Seen.';
const reported = guardBanned({
  ...{ ban_id: BAN, subject: 'key', value: key, rule: 'reports' },
  ...{ until: '2026-11-28T12:00:00.000Z', review: true, reason: null },
});

test('it then lasts until it is lifted', () => {
  const verdict = given(reported)
    .when(confirmBan, { key, reason }, admin)
    .then(banConfirmed({ ban_id: BAN, until: null, review: false, reason }))!;
  expect(verdict.result).toEqual({ id: BAN, key: null, address: null, until: null, lifted: false });
});

test('what is not open cannot be confirmed', () => {
  given()
    .when(confirmBan, { key, reason }, admin)
    .then('ban_ended' as never);
});
