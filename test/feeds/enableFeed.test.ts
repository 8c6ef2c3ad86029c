/** A feed that was switched off is switched on again. */
import { expect, test } from 'vitest';
import { enableFeed } from '../../src/feeds/enableFeed.ts';
import { feedDisabled, feedEnabled, feedRemoved } from '../../src/feeds/switchFeed.ts';
import { created } from '../support/feeds.ts';
import { given } from '../support/given.ts';
import { admin, FEED } from '../support/matchFixture.ts';

test('a feed is switched on again, and where it is on nothing is recorded', () => {
  const on = given(created, feedDisabled({})).when(enableFeed, {}, admin).then(feedEnabled({}))!;
  expect(on.result).toMatchObject({ id: FEED, enabled: true, removed: false });
  given(created).when(enableFeed, {}, admin).then();
});

test('one that was removed is none', () => {
  given(created, feedRemoved({})).when(enableFeed, {}, admin).then('not_found');
});
