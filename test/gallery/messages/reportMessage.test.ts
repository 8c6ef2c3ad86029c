/** A report: moderators see it, and enough distinct people hide a message before they come. */
import { expect, test } from 'vitest';
import type { NewEvent } from '../../../src/core/definitions/event.ts';
import { messageReported, reportMessage } from '../../../src/gallery/messages/reportMessage.ts';
import { messageWithdrawn } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { AUTHOR, hallOf, MESSAGE, posted, seated } from '../../support/hall.ts';
import { student, superAdmin } from '../../support/matchFixture.ts';

const ID = '018f3c1e-1111-7111-8111-111111110000';
const body = { message_id: MESSAGE };
const report = (before: NewEvent[], fact = hallOf(), actor = student, more: object = {}) =>
  given(...before).when(reportMessage, { ...body, ...more }, actor, { fact });

/** What was said is known by the commitment that its event drew. */
const reported = (effect: 'none' | 'hidden' | 'removed', reporter = student.id, reason: string | null = null) =>
  messageReported({
    ...{ report_id: ID, message_id: MESSAGE, message_commitment: expect.stringMatching(/^[0-9a-f]{64}$/) as never },
    ...{ author: AUTHOR, reporter, reason, effect },
  });
const before = (count: number, effect: 'none' | 'hidden' | 'removed' = 'none') =>
  Array.from({ length: count }, (_, i) =>
    messageReported({
      ...{
        report_id: MESSAGE.replace(/f0000$/, `f000${i + 1}`),
        message_id: MESSAGE,
        message_commitment: '0'.repeat(64),
      },
      ...{ author: AUTHOR, reporter: `reporter-${i}`, reason: null, effect: i === count - 1 ? effect : 'none' },
    }),
  );

test('is kept with its reason and with the commitment of what was said, and changes nothing by itself', () => {
  const { result, writes } = report([posted()], hallOf(), student, { reason: 'Rude.' }).then(
    reported('none', student.id, 'Rude.'),
  )!;
  expect(result).toMatchObject({ id: MESSAGE, state: 'shown' });
  expect(writes.map(({ table }) => table)).toEqual(['gallery_messages', 'gallery_reports']);
  expect(writes[0]!.set).toMatchObject({ reports: 1, is_shadowed: false, needs_review: false });
});

test('the third distinct one hides the message from all but its author and asks a moderator, the fifth removes it', () => {
  const third = report([posted(), ...before(2)]).then(reported('hidden'))!;
  expect(third.writes[0]!.set).toMatchObject({ state: 'shown', is_shadowed: true, needs_review: true, reports: 3 });
  // The reporter is not told.
  expect(third.result).toMatchObject({ state: 'shown' });
  const fifth = report([posted(), ...before(4, 'hidden')]).then(reported('removed'))!;
  expect(fifth.writes[0]!.set).toMatchObject({ state: 'removed', is_shadowed: true, needs_review: true, reports: 5 });
  expect(fifth.result).toMatchObject({ state: 'shown' });
});

test('is one for each person, and none is of the own message', () => {
  const again = { ...superAdmin, id: 'reporter-0' };
  report([posted(), ...before(1)], hallOf(), again).then('already_reported', { status: 409 });
  report([posted()], hallOf(), { ...superAdmin, id: AUTHOR }).then('own_message');
});

test('people without a token behind one address are one', () => {
  const guest = { ...student, id: 'guest:0123456789abcdef', role: 'anonymous' } as const;
  const by = (reporter: string) =>
    given(posted(), ...before(1)).when(reportMessage, body, guest, { fact: hallOf(), author: { reporter } });
  by('reporter-0').then('already_reported');
  by('address:0123456789abcdef').then(reported('none', 'address:0123456789abcdef'));
});

test('what nobody else sees cannot be reported, what reports have hidden can', () => {
  report([posted({ state: 'held' })]).then('not_found');
  report([posted(), messageWithdrawn(body)]).then('not_found');
  report([posted(), ...before(3, 'hidden')]).then(reported('none'));
  report([posted(), ...before(5, 'removed')]).then(reported('none'));
});

test('is refused as all of the gallery is', () => {
  report([posted()], hallOf({ mode: 'off' })).then('gallery_closed');
  report([posted()], seated).then('not_found');
  const nobody = { ...student, role: 'anonymous' } as const;
  report([posted()], hallOf({ status: 'active', mode: 'always' }), nobody as never).then('unauthenticated');
  // Also while nothing is said: what was said is still there.
  report([posted()], hallOf({ status: 'active' })).then(reported('none'));
});
