/** An admin removes a feed for good. The matches that came from it stay. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { ownerOf, theFeed } from './feed.ts';
import { afterOf, feedAfter } from './feedAnswers.ts';
import { reject } from './feedProblems.ts';
import { feedRemoved } from './switchFeed.ts';

export const removeFeed = defineOwnedCommand({
  name: 'feed.remove',
  route: 'POST /api/feed/:feed_id/remove',
  summary: 'Remove a feed; the matches that came from it stay',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject({}),
  locks: ({ feed_id }) => [theFeed(feed_id)],
  decide: ({ feed }) =>
    feed.state === 'removed' ? reject('not_found', 'The feed was removed before.') : [feedRemoved({})],
  resource: feedAfter,
  result: ({ states: { feed } }) => afterOf(feed),
  records: [feedRemoved],
  rejects: ['not_found'],
});
