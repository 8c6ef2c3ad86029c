/** The author of a message is shut up. */
import { expect, test } from 'vitest';
import { authorBanned, banAuthor } from '../../../src/gallery/messages/banAuthor.ts';
import { given } from '../../support/given.ts';
import { hallOf, MESSAGE, posted, seated } from '../../support/hall.ts';
import { admin, bailiff, outsideJudge, SESSION } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE, reason: 'Insults counsel.' };
const done = authorBanned({
  ...{ ...body, message_commitment: expect.stringMatching(/^[0-9a-f]{64}$/) as never, author: 'system', hours: null },
});
const by = (before = given(posted()), actor = admin, fact = hallOf()) => before.when(banAuthor, body, actor, { fact });

test('hides what was said from all but its author, with a reason, for some hours or until it is lifted', () => {
  expect(by().then(done)!.writes[0]!.set).toMatchObject({ is_shadowed: true });
  const { message_id: _, ...why } = body;
  expect(banAuthor.body.safeParse({ message_id: MESSAGE }).success).toBe(false);
  expect(banAuthor.body.safeParse(why).success).toBe(false);
  for (const hours of [0, 8_761]) expect(banAuthor.body.safeParse({ ...body, hours }).success).toBe(false);
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
