/** A person follows a session, a match or a team no more. What was not followed is not either. */
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { update } from '../../core/definitions/write.ts';
import { theNotices } from '../theNotices.ts';
import { followAnswer, followBody, followResult, ownFollows, subjectOf } from './followed.ts';

export const unfollow = defineOwnedCommand({
  name: 'notices.unfollow',
  route: 'POST /unfollow',
  summary: 'Follow a session, a match or a team no more',
  who: ROLES,
  within: null,
  ownerOf: async ({ actor }) => actor.id,
  body: followBody,
  example: { team: 'Harbour' },
  locks: ({ owner }) => [theNotices(owner)],
  facts: ownFollows,
  decide: () => [],
  writes(_, { input, now }, known) {
    const key = { user_id: input.owner, subject: subjectOf(input) };
    return known?.get(key.subject) ? [update('follows', key, { ended_at: now })] : [];
  },
  keeps: ({ owner }) => ({ owner }),
  resource: followAnswer,
  result: (_, { input }) => followResult(input, false),
  records: [],
  rejects: [],
});
