/** A person of a site is linked to a user where the site has named such a person. */
import { expect, test } from 'vitest';
import { linkPerson, personLinked } from '../../../src/feeds/people/linkPerson.ts';
import { feedRemoved } from '../../../src/feeds/switchFeed.ts';
import { created } from '../../support/feeds.ts';
import { given } from '../../support/given.ts';
import { admin, FEED, student } from '../../support/matchFixture.ts';

const BODY = { provider_id: 'Ada/42', user_id: student.id };

test('a link is recorded, and changes the row of the person', () => {
  const { result, writes } = given(created).when(linkPerson, BODY, admin, { fact: true }).then(personLinked(BODY))!;
  expect(result).toEqual({ id: FEED, ...BODY, linked: true });
  expect(writes).toEqual([
    {
      ...{ table: 'feed_people', key: { feed_id: FEED, provider_id: BODY.provider_id }, insert: false },
      set: { user_id: student.id, is_linked: true },
    },
  ]);
});

test('of a person whom nobody has named, or of a feed that was removed, there is none', () => {
  given(created).when(linkPerson, BODY, admin).then('not_found');
  given(created, feedRemoved({})).when(linkPerson, BODY, admin, { fact: true }).then('not_found');
});

test('erased, the event names nobody', () => {
  expect(personLinked.erased!(BODY)).toEqual({ ...BODY, provider_id: '' });
});
