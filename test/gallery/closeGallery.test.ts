/** The gallery as a whole: closed. */
import { expect, test } from 'vitest';
import { closeGallery, galleryClosed } from '../../src/gallery/closeGallery.ts';
import { postMessage } from '../../src/gallery/messages/postMessage.ts';
import { given } from '../support/given.ts';
import { hallOf, posted, seated } from '../support/hall.ts';
import { admin, bailiff, SESSION, student } from '../support/matchFixture.ts';

const body = {};
const by = (before = given(), actor = admin, fact = hallOf()) => before.when(closeGallery, body, actor, { fact });
const done = galleryClosed({ reason: null });

test('is recorded once, also where nothing was said yet', () => {
  expect(by().then(done)!.result).toMatchObject({ id: SESSION, open: false });
  by(given(posted(), done)).then();
});

test('nothing is said then', () => {
  const words = { text: 'Why?', category: 'question' };
  given(done).when(postMessage, words, student, { fact: hallOf() }).then('gallery_closed');
});

test('is of the hosts, and refused as all of the gallery is', () => {
  by(given(), bailiff).then('not_host', { status: 403 });
  by(given(), bailiff, hallOf({ seat: { role: 'moderator', presiding: false } })).then(done);
  by(given(), bailiff, seated).then('not_found');
  by(given(), admin, hallOf({ mode: 'off' })).then('gallery_closed');
  by(given(), { ...admin, role: 'anonymous' }, hallOf({ status: 'active' })).then('unauthenticated');
});
