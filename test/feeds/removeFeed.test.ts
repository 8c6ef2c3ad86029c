/** A feed is removed once and for good. */
import { expect, test } from 'vitest';
import { removeFeed } from '../../src/feeds/removeFeed.ts';
import { feedDisabled, feedRemoved } from '../../src/feeds/switchFeed.ts';
import { created } from '../support/feeds.ts';
import { given } from '../support/given.ts';
import { admin, FEED } from '../support/matchFixture.ts';

test('a feed is removed, switched on or off', () => {
  const gone = given(created).when(removeFeed, {}, admin).then(feedRemoved({}))!;
  expect(gone.result).toMatchObject({ id: FEED, enabled: false, removed: true });
  given(created, feedDisabled({})).when(removeFeed, {}, admin).then(feedRemoved({}));
});

test('one that was removed is none', () => {
  given(created, feedRemoved({})).when(removeFeed, {}, admin).then('not_found');
});
