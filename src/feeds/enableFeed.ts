/** An admin switches a feed on again. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { ownerOf, theFeed } from './feed.ts';
import { afterOf, feedAfter } from './feedAnswers.ts';
import { reject } from './feedProblems.ts';
import { feedEnabled } from './switchFeed.ts';

export const enableFeed = defineOwnedCommand({
  name: 'feed.enable',
  route: 'POST /api/feed/:feed_id/enable',
  summary: 'Switch a feed on',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject({}),
  locks: ({ feed_id }) => [theFeed(feed_id)],
  decide({ feed }) {
    if (feed.state === 'removed') return reject('not_found', 'The feed was removed.');
    return feed.state === 'enabled' ? [] : [feedEnabled({})];
  },
  resource: feedAfter,
  result: ({ states: { feed } }) => afterOf(feed),
  records: [feedEnabled],
  rejects: ['not_found'],
});
