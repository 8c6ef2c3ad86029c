/** A feed is switched off once. */
import { expect, test } from 'vitest';
import { disableFeed } from '../../src/feeds/disableFeed.ts';
import { feedDisabled, feedRemoved } from '../../src/feeds/switchFeed.ts';
import { created } from '../support/feeds.ts';
import { given, NOW } from '../support/given.ts';
import { admin, FEED } from '../support/matchFixture.ts';

test('a feed is switched off, and a second time nothing is recorded', () => {
  const off = given(created).when(disableFeed, {}, admin).then(feedDisabled({}))!;
  expect(off.result).toMatchObject({ id: FEED, enabled: false, removed: false });
  expect(off.writes).toEqual([
    { table: 'feeds', key: { id: FEED }, set: { state: 'disabled', changed_at: NOW }, insert: false },
  ]);
  given(created, feedDisabled({})).when(disableFeed, {}, admin).then();
});

test('one that was removed is none', () => {
  given(created, feedRemoved({})).when(disableFeed, {}, admin).then('not_found');
});
