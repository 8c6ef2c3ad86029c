/** A message is hidden. */
import { expect, test } from 'vitest';
import { hideMessage, messageHidden } from '../../../src/gallery/messages/hideMessage.ts';
import { messageWithdrawn } from '../../../src/gallery/messages/withdrawMessage.ts';
import { given } from '../../support/given.ts';
import { hallOf, MESSAGE, posted, seated } from '../../support/hall.ts';
import { admin, bailiff, outsideJudge, SESSION } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE };
const done = messageHidden({ ...body, reason: null });
const by = (before = given(posted()), actor = admin, fact = hallOf()) =>
  before.when(hideMessage, body, actor, { fact });

test('hides a message from all but its author', () => {
  const { result, writes } = by().then(done)!;
  expect(result).toMatchObject({ id: MESSAGE, state: 'hidden' });
  expect(writes[0]!.set).toMatchObject({ needs_review: false });
});

test('is recorded with its reason, once', () => {
  given(posted())
    .when(hideMessage, { ...body, reason: 'Said so.' }, admin, { fact: hallOf() })
    .then(messageHidden({ ...body, reason: 'Said so.' }));
  by(given(posted(), done)).then('message_state', { status: 409 });
  by(given(posted(), messageWithdrawn(body))).then('message_state', { from: 'withdrawn' });
});

test('is of the hosts: moderators of the roster, the presiding judge and admins of the institution', () => {
  by(given(posted()), bailiff, hallOf({ seat: { role: 'moderator', presiding: false } })).then(done);
  by(given(posted()), outsideJudge, hallOf({ seat: { role: 'judge', presiding: true } })).then(done);
  by(given(posted()), outsideJudge, hallOf({ seat: { role: 'judge', presiding: false } })).then('not_host');
  by(given(posted()), bailiff).then('not_host', { status: 403 });
  by(given(posted()), { ...admin, institution_id: SESSION }).then('not_host');
});

test('is refused as all of the gallery is', () => {
  by(given(posted({ message_id: SESSION }))).then('not_found');
  by(given(posted()), bailiff, seated).then('not_found');
  by(given(posted()), admin, hallOf({ mode: 'off' })).then('gallery_closed');
  by(given(posted()), { ...admin, role: 'anonymous' }, hallOf({ status: 'active' })).then('unauthenticated');
});
