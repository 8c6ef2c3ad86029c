/** What a host of a gallery bans is one ban of the institution. */
import { test } from 'vitest';
import { banByHost } from '../../../src/guard/bans/banByHost.ts';
import { banExtended, guardBanned } from '../../../src/guard/bans/banEvents.ts';
import { given, NOW } from '../../support/given.ts';
import { bailiff, INSTITUTION, system } from '../../support/matchFixture.ts';

const COMMAND = '018f3c1e-1111-7111-8111-111111110000';
const value = 'ab'.repeat(32);
const until = new Date(Date.parse(NOW) + 24 * 3_600_000).toISOString();
const order = { owner: INSTITUTION, value, host: bailiff.id, reason: 'Insults counsel.' };
const facts = { review: false, rule: 'person', reason: 'Insults counsel.' } as const;

test('for some hours, or until it is lifted', () => {
  const banned = { ban_id: COMMAND, subject: 'key', value, ...facts } as const;
  given()
    .when(banByHost, { ...order, hours: 24 }, system)
    .then(guardBanned({ ...banned, until }));
  given()
    .when(banByHost, { ...order, hours: null }, system)
    .then(guardBanned({ ...banned, until: null }));
});

test('an open ban is given the end that the host says', () => {
  given(guardBanned({ ban_id: 'a', subject: 'key', value, rule: 'reports', until: null, review: true, reason: null }))
    .when(banByHost, { ...order, hours: 24 }, system)
    .then(banExtended({ ban_id: 'a', until, ...facts }));
});
