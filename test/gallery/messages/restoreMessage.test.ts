/** A hidden message is shown again. */
import { expect, test } from 'vitest';
import { messageReported, reportMessage } from '../../../src/gallery/messages/reportMessage.ts';
import { messageRestored, restoreMessage } from '../../../src/gallery/messages/restoreMessage.ts';
import { messageWithdrawn } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { hallOf, MESSAGE, posted, seated } from '../../support/hall.ts';
import { admin, bailiff, outsideJudge, SESSION } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE };
const done = messageRestored({ ...body, reason: null });
const by = (before = given(posted({ is_shadowed: true, needs_review: true })), actor = admin, fact = hallOf()) =>
  before.when(restoreMessage, body, actor, { fact });

test('shows a message again that reports or the guard have hidden', () => {
  const { result, writes } = by().then(done)!;
  expect(result).toMatchObject({ id: MESSAGE, state: 'shown' });
  expect(writes[0]!.set).toMatchObject({ needs_review: false });
});

test('is recorded with its reason, once', () => {
  given(posted({ is_shadowed: true, needs_review: true }))
    .when(restoreMessage, { ...body, reason: 'Said so.' }, admin, { fact: hallOf() })
    .then(messageRestored({ ...body, reason: 'Said so.' }));
  by(given(posted({ is_shadowed: true, needs_review: true }), done)).then('message_state', { status: 409 });
  by(given(posted({ is_shadowed: true, needs_review: true }), messageWithdrawn(body))).then('message_state', {
    from: 'withdrawn',
  });
  by(given(posted({ state: 'held' }))).then('message_state', { from: 'held' });
});

test('is of the hosts: moderators of the roster, the presiding judge and admins of the institution', () => {
  by(
    given(posted({ is_shadowed: true, needs_review: true })),
    bailiff,
    hallOf({ seat: { role: 'moderator', presiding: false } }),
  ).then(done);
  by(
    given(posted({ is_shadowed: true, needs_review: true })),
    outsideJudge,
    hallOf({ seat: { role: 'judge', presiding: true } }),
  ).then(done);
  by(
    given(posted({ is_shadowed: true, needs_review: true })),
    outsideJudge,
    hallOf({ seat: { role: 'judge', presiding: false } }),
  ).then('not_host');
  by(given(posted({ is_shadowed: true, needs_review: true })), bailiff).then('not_host', { status: 403 });
  by(given(posted({ is_shadowed: true, needs_review: true })), { ...admin, institution_id: SESSION }).then('not_host');
});

test('is refused as all of the gallery is', () => {
  by(given(posted({ message_id: SESSION }))).then('not_found');
  by(given(posted({ is_shadowed: true, needs_review: true })), bailiff, seated).then('not_found');
  by(given(posted({ is_shadowed: true, needs_review: true })), admin, hallOf({ mode: 'off' })).then('gallery_closed');
  by(
    given(posted({ is_shadowed: true, needs_review: true })),
    { ...admin, role: 'anonymous' },
    hallOf({ status: 'active' }),
  ).then('unauthenticated');
});

test('outweighs all reports that come after it', () => {
  const reported = (n: number) =>
    messageReported({
      ...{ report_id: SESSION, message_id: MESSAGE, message_commitment: '0'.repeat(64), author: 'system' },
      ...{ reporter: `reporter-${n}`, reason: null, effect: 'none' },
    });
  const { writes } = given(posted({ is_shadowed: true }), done, ...[0, 1, 2, 3, 4].map(reported))
    .when(reportMessage, body, outsideJudge, { fact: hallOf() })
    .then(expect.objectContaining({ payload: expect.objectContaining({ effect: 'none' }) }) as never)!;
  expect(writes[0]!.set).toMatchObject({ state: 'shown', is_shadowed: false, is_kept: true, reports: 6 });
});
