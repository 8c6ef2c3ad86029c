/** A rule bans once, for as long as it says; what lasts longer extends, and a person's word outweighs what was counted. */
import { expect, test } from 'vitest';
import { banAutomatically } from '../../../src/guard/bans/banAutomatically.ts';
import { banExtended, banLifted, guardBanned } from '../../../src/guard/bans/banEvents.ts';
import { given, NOW } from '../../support/given.ts';
import { INSTITUTION, system } from '../../support/matchFixture.ts';

const COMMAND = '018f3c1e-1111-7111-8111-111111110000';
const value = 'ab'.repeat(32);
const in_ms = (ms: number) => new Date(Date.parse(NOW) + ms).toISOString();
const HOUR = 3_600_000;
const order = (rule: string, subject = 'key', of = value) => ({ owner: INSTITUTION, subject, value: of, rule });
const ban = (changes: object = {}) =>
  guardBanned({
    ...{ ban_id: 'a', subject: 'key', value, rule: 'burst', until: in_ms(HOUR), review: false, reason: null },
    ...changes,
  });

test.each([
  ['burst', 'key', 24 * HOUR, false],
  ['burst', 'address', HOUR / 2, false],
  ['rate', 'address', HOUR / 2, false],
  ['text', 'key', 24 * HOUR, false],
  ['honeypot', 'key', 24 * HOUR, false],
  ['reports', 'key', 7 * 24 * HOUR, true],
] as const)('%s bans a %s for %i ms', (rule, subject, lasts_ms, review) => {
  given()
    .when(banAutomatically, order(rule, subject), system)
    .then(guardBanned({ ban_id: COMMAND, subject, value, rule, until: in_ms(lasts_ms), review, reason: null }));
});

test('one open ban is extended and not repeated, and what ends sooner changes nothing', () => {
  given(ban())
    .when(banAutomatically, order('text'), system)
    .then(banExtended({ ban_id: 'a', until: in_ms(24 * HOUR), review: false, rule: 'text', reason: null }));
  given(ban({ until: in_ms(48 * HOUR) }))
    .when(banAutomatically, order('text'), system)
    .then();
  given(ban({ until: null }))
    .when(banAutomatically, order('reports'), system)
    .then();
});

test('a ban that has ended is another', () => {
  const verdict = given(ban({ until: in_ms(-1) })).when(banAutomatically, order('text'), system);
  verdict.then(
    guardBanned({
      ...{ ban_id: COMMAND, subject: 'key', value, rule: 'text' },
      ...{ until: in_ms(24 * HOUR), review: false, reason: null },
    }),
  );
});

test('the honeypot bans a second time until a person has seen it', () => {
  given(ban({ rule: 'honeypot' }))
    .when(banAutomatically, order('honeypot'), system)
    .then(banExtended({ ban_id: 'a', until: null, review: true, rule: 'honeypot', reason: null }));
});

test('reports from before a person lifted the ban count no more, other rules do', () => {
  const lifted = given(ban({ rule: 'reports' }), banLifted({ ban_id: 'a', reason: 'A joke.' }));
  lifted.when(banAutomatically, order('reports'), system).then();
  const verdict = lifted.when(banAutomatically, order('text'), system);
  const facts = { until: in_ms(24 * HOUR), review: false, reason: null };
  const { writes } = verdict.then(guardBanned({ ban_id: COMMAND, subject: 'key', value, rule: 'text', ...facts }))!;
  expect(writes).toMatchObject([{ table: 'guard_bans', set: { owner: INSTITUTION, value } }]);
});
