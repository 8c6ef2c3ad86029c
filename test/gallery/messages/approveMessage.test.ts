/** A message that waited is shown. */
import { expect, test } from 'vitest';
import { approveMessage, messageApproved } from '../../../src/gallery/messages/approveMessage.ts';
import { messageWithdrawn } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { hallOf, MESSAGE, posted, seated } from '../../support/hall.ts';
import { admin, bailiff, outsideJudge, SESSION } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE };
const done = messageApproved({ ...body, reason: null });
const by = (before = given(posted({ state: 'held' })), actor = admin, fact = hallOf()) =>
  before.when(approveMessage, body, actor, { fact });

test('shows what waited for a moderator', () => {
  const { result, writes } = by().then(done)!;
  expect(result).toMatchObject({ id: MESSAGE, state: 'shown' });
  expect(writes[0]!.set).toMatchObject({ needs_review: false });
});

test('is recorded with its reason, once', () => {
  given(posted({ state: 'held' }))
    .when(approveMessage, { ...body, reason: 'Said so.' }, admin, { fact: hallOf() })
    .then(messageApproved({ ...body, reason: 'Said so.' }));
  by(given(posted({ state: 'held' }), done)).then('message_state', { status: 409 });
  by(given(posted({ state: 'held' }), messageWithdrawn(body))).then('message_state', { from: 'withdrawn' });
});

test('is of the hosts: moderators of the roster, the presiding judge and admins of the institution', () => {
  by(given(posted({ state: 'held' })), bailiff, hallOf({ seat: { role: 'moderator', presiding: false } })).then(done);
  by(given(posted({ state: 'held' })), outsideJudge, hallOf({ seat: { role: 'judge', presiding: true } })).then(done);
  by(given(posted({ state: 'held' })), outsideJudge, hallOf({ seat: { role: 'judge', presiding: false } })).then(
    'not_host',
  );
  by(given(posted({ state: 'held' })), bailiff).then('not_host', { status: 403 });
  by(given(posted({ state: 'held' })), { ...admin, institution_id: SESSION }).then('not_host');
});

test('is refused as all of the gallery is', () => {
  by(given(posted({ message_id: SESSION }))).then('not_found');
  by(given(posted({ state: 'held' })), bailiff, seated).then('not_found');
  by(given(posted({ state: 'held' })), admin, hallOf({ mode: 'off' })).then('gallery_closed');
  by(given(posted({ state: 'held' })), { ...admin, role: 'anonymous' }, hallOf({ status: 'active' })).then(
    'unauthenticated',
  );
});
