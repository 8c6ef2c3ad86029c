/** The gallery as a whole: opened again. */
import { expect, test } from 'vitest';
import { galleryClosed } from '../../src/gallery/closeGallery.ts';
import { messagePosted, postMessage } from '../../src/gallery/messages/postMessage.ts';
import { galleryOpened, openGallery } from '../../src/gallery/openGallery.ts';
import { given } from '../support/given.ts';
import { hallOf, posted, seated } from '../support/hall.ts';
import { admin, bailiff, SESSION, student } from '../support/matchFixture.ts';

const body = {};
const by = (before = given(galleryClosed({ reason: null })), actor = admin, fact = hallOf()) =>
  before.when(openGallery, body, actor, { fact });
const done = galleryOpened({ reason: null });

test('is recorded once, also where nothing was said yet', () => {
  expect(by().then(done)!.result).toMatchObject({ id: SESSION, open: true });
  by(given(posted())).then();
});

test('people speak again', () => {
  const words = { text: 'Why?', category: 'question' };
  given(galleryClosed({ reason: null }), done)
    .when(postMessage, words, student, { fact: hallOf() })
    .then(expect.objectContaining({ type: messagePosted.type }) as never);
});

test('is of the hosts, and refused as all of the gallery is', () => {
  by(given(galleryClosed({ reason: null })), bailiff).then('not_host', { status: 403 });
  by(given(galleryClosed({ reason: null })), bailiff, hallOf({ seat: { role: 'moderator', presiding: false } })).then(
    done,
  );
  by(given(galleryClosed({ reason: null })), bailiff, seated).then('not_found');
  by(given(galleryClosed({ reason: null })), admin, hallOf({ mode: 'off' })).then('gallery_closed');
  by(given(galleryClosed({ reason: null })), { ...admin, role: 'anonymous' }, hallOf({ status: 'active' })).then(
    'unauthenticated',
  );
});
