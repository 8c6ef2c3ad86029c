/** Whom a ban was about is erased some time after its end; that there was one, and what follows from it no more, agrees with the events. */
import { expect, test } from 'vitest';
import { trappedAs } from '../../../src/guard/bans/ban.ts';
import { banAutomatically } from '../../../src/guard/bans/banAutomatically.ts';
import { banLifted, guardBanned } from '../../../src/guard/bans/banEvents.ts';
import { bansErased, eraseBans } from '../../../src/guard/bans/eraseBans.ts';
import { given, NOW } from '../../support/given.ts';
import { INSTITUTION, system } from '../../support/matchFixture.ts';

const [BAN, OTHER] = ['018f3c1e-0000-7000-8000-000000000000', '018f3c1e-2222-7222-8222-222222220000'];
const COMMAND = '018f3c1e-1111-7111-8111-111111110000';
const value = 'ab'.repeat(32);
const ended = '2026-10-01T10:00:00.000Z';
const payload_commitment = 'ab'.repeat(32);
const body = { owner: INSTITUTION, before: NOW };
const facts = { ban_id: BAN, subject: 'key', rule: 'honeypot', until: ended, lifted_at: null } as const;
const due = [{ ...facts, events: [1, 2], event_sequence: 1, payload_commitment }];
const ban = guardBanned({
  ...{ ban_id: BAN, subject: 'key', value, rule: 'honeypot', until: ended, review: false, reason: null },
});
const trapped = [trappedAs({ id: INSTITUTION }, value)];
const erased = (left: number[], hashes: { trapped?: string[] } = { trapped }) =>
  bansErased({
    erased: [{ event_sequence: 1, payload_commitment }],
    ...{ bans: [{ ...facts, left }], reason: 'retention', ...hashes },
  });

test('one event names what is due, and takes whom it was about out of the row; of what it had no room for it tells', () => {
  const { writes } = given(ban)
    .when(eraseBans, body, system, { fact: due })
    .then(erased([2]))!;
  expect(writes).toMatchObject([
    { key: { id: BAN }, set: { value: null, reason: null, events: [2], rule: 'honeypot' } },
  ]);
  const whole = [{ ...due[0]!, events: [1] }];
  const { writes: last } = given(ban).when(eraseBans, body, system, { fact: whole }).then(erased([]))!;
  expect(last[0]!.set).toMatchObject({ value: null, events: null });
});

test('nothing is recorded where nothing is due', () => {
  given(ban).when(eraseBans, body, system).then();
});

test('who filled the honeypot is known by a hash when the ban is erased: a second time lasts until it is lifted', () => {
  expect(JSON.stringify(trapped)).not.toContain(value);
  const order = { owner: INSTITUTION, subject: 'key', value, rule: 'honeypot' } as const;
  const forEver = { subject: 'key', rule: 'honeypot', until: null, review: true, reason: null } as const;
  for (const events of [[erased([])], [erased([2]), erased([], {})]]) {
    given(ban, ...events)
      .when(banAutomatically, order, system)
      .then(guardBanned({ ...forEver, ban_id: COMMAND, value }));
  }
  const another = { ...order, value: 'cd'.repeat(32) };
  const { states } = given(ban, erased([]))
    .when(banAutomatically, another, system)
    .then(
      guardBanned({
        ...forEver,
        until: new Date(Date.parse(NOW) + 24 * 3_600_000).toISOString(),
        review: false,
        ban_id: COMMAND,
        value: another.value,
      }),
    )!;
  expect(states.guard.open).toHaveLength(1);
});

test('what is erased bans nobody for longer, and outweighs nothing', () => {
  const facts = { subject: 'key', value, rule: 'honeypot' } as const;
  const order = { owner: INSTITUTION, ...facts };
  // An event of before has no hash.
  const again = given(ban, erased([], {})).when(banAutomatically, order, system);
  const until = new Date(Date.parse(NOW) + 24 * 3_600_000).toISOString();
  again.then(guardBanned({ ...facts, ban_id: COMMAND, until, review: false, reason: null }));
  const states = given(ban, banLifted({ ban_id: BAN, reason: 'Autofill.' }), erased([], {})).states();
  expect(states.guard).toMatchObject({ open: [], trapped: {}, pardoned: {} });
  const kept = given(ban, guardBanned({ ...facts, ban_id: OTHER, until, review: false, reason: null }), erased([], {}));
  expect(kept.states().guard).toMatchObject({ open: [{ id: OTHER }], trapped: { [value]: OTHER } });
});
