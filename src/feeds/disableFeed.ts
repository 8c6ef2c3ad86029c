/** An admin switches a feed off. Its matches stay. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { ownerOf, theFeed } from './feed.ts';
import { afterOf, feedAfter } from './feedAnswers.ts';
import { reject } from './feedProblems.ts';
import { feedDisabled } from './switchFeed.ts';

export const disableFeed = defineOwnedCommand({
  name: 'feed.disable',
  route: 'POST /api/feed/:feed_id/disable',
  summary: 'Switch a feed off; nothing is asked of it then',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject({}),
  locks: ({ feed_id }) => [theFeed(feed_id)],
  decide({ feed }) {
    if (feed.state === 'removed') return reject('not_found', 'The feed was removed.');
    return feed.state === 'disabled' ? [] : [feedDisabled({})];
  },
  resource: feedAfter,
  result: ({ states: { feed } }) => afterOf(feed),
  records: [feedDisabled],
  rejects: ['not_found'],
});
