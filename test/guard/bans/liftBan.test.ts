/** An admin lifts a ban that is open. */
import { expect, test } from 'vitest';
import { banLifted, guardBanned } from '../../../src/guard/bans/banEvents.ts';
import { liftBan } from '../../../src/guard/bans/liftBan.ts';
import { given } from '../../support/given.ts';
import { admin } from '../../support/matchFixture.ts';

const BAN = '018f3c1e-1111-7111-8111-11111111aaaa';
const key = 'ab'.repeat(32);
const reason = 'It was autofill.';
const facts = { subject: 'key', value: key, rule: 'honeypot', review: true, reason: null } as const;

test('by its id, or by what is banned', () => {
  for (const named of [{ ban_id: BAN }, { key }]) {
    const verdict = given(guardBanned({ ban_id: BAN, ...facts, until: null }))
      .when(liftBan, { ...named, reason }, admin)
      .then(banLifted({ ban_id: BAN, reason }))!;
    expect(verdict.result).toMatchObject({ id: BAN, until: null, lifted: true });
    expect(verdict.states.guard.open).toEqual([]);
  }
});

test('of an address all that are open, and none of another', () => {
  const block = { subject: 'address', value: '203.0.113.7', rule: 'rate', review: false, reason: null } as const;
  const [other, neighbour] = [BAN.replace(/a$/, 'b'), BAN.replace(/a$/, 'c')];
  given(
    guardBanned({ ban_id: BAN, ...block, until: null }),
    guardBanned({ ban_id: other, ...block, rule: 'burst', until: null }),
    guardBanned({ ban_id: neighbour, ...block, value: '203.0.113.8', until: null }),
  )
    .when(liftBan, { address: block.value, reason }, admin)
    .then(banLifted({ ban_id: BAN, reason }), banLifted({ ban_id: other, reason }));
});

test('what is not open cannot be lifted', () => {
  given()
    .when(liftBan, { key, reason }, admin)
    .then('ban_ended' as never);
  given(guardBanned({ ban_id: BAN, ...facts, until: null }), banLifted({ ban_id: BAN, reason }))
    .when(liftBan, { ban_id: BAN, reason }, admin)
    .then('ban_ended' as never);
});
