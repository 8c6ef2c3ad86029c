/** The gallery as a whole: slowed down. */
import { expect, test } from 'vitest';
import { gallerySlowed, slowGallery } from '../../src/gallery/slowGallery.ts';
import { given } from '../support/given.ts';
import { hallOf, posted, seated } from '../support/hall.ts';
import { admin, bailiff, SESSION } from '../support/matchFixture.ts';

const body = { seconds: 120 };
const by = (before = given(), actor = admin, fact = hallOf()) => before.when(slowGallery, body, actor, { fact });
const done = gallerySlowed({ seconds: 120 });

test('is recorded once, also where nothing was said yet', () => {
  expect(by().then(done)!.result).toMatchObject({ id: SESSION, slow_seconds: 120 });
  by(given(posted(), done)).then();
});

test('asks for a day at most', () => {
  for (const seconds of [-1, 86_401]) expect(slowGallery.body.safeParse({ seconds }).success).toBe(false);
});

test('is of the hosts, and refused as all of the gallery is', () => {
  by(given(), bailiff).then('not_host', { status: 403 });
  by(given(), bailiff, hallOf({ seat: { role: 'moderator', presiding: false } })).then(done);
  by(given(), bailiff, seated).then('not_found');
  by(given(), admin, hallOf({ mode: 'off' })).then('gallery_closed');
  by(given(), { ...admin, role: 'anonymous' }, hallOf({ status: 'active' })).then('unauthenticated');
});
