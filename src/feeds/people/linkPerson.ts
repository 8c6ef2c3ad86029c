/** An admin says which user a person of a site is. It counts from the next import on. */
import { z } from 'zod';
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { named, text, uuid } from '../../core/definitions/answers.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { privately, privateText } from '../../core/definitions/privateText.ts';
import { id } from '../../core/definitions/schemas.ts';
import { update } from '../../core/definitions/write.ts';
import { feedStream, ownerOf, theFeed } from '../feed.ts';
import { reject } from '../feedProblems.ts';
import { ASKED_PEOPLE, factsOfPeople, type Naming } from './naming.ts';

/** Some sites know people by their names alone. */
const providerId = privately(z.string().min(1).max(200));

export const personLinked = defineEvent({
  stream: feedStream,
  type: 'PROCEDURAL_FEED_PERSON_LINKED',
  payload: z.strictObject({ provider_id: privateText, user_id: id }),
  evolve: (feed) => feed,
  project: () => [],
  erased: (payload) => ({ ...payload, provider_id: '' }),
});

/** Whether the site has named such a person. */
const seenPeople = factsOfPeople<Naming, true>(`select p.feed_id, p.provider_id from ${ASKED_PEOPLE}`, () => true);

const linkAnswer = named(
  'FeedLink',
  /** `id` is the feed's. */
  z.strictObject({ id: uuid, provider_id: text, user_id: uuid, linked: z.literal(true) }),
  { id: EXAMPLE.command_id, provider_id: '42', user_id: EXAMPLE.user_id, linked: true },
);

export const linkPerson = defineOwnedCommand({
  name: 'feed.link',
  route: 'POST /api/feed/:feed_id/people/link',
  summary: 'Say which user a person of the tournament software is; it counts from the next import on',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject({ provider_id: providerId, user_id: id }),
  example: { provider_id: '42', user_id: EXAMPLE.user_id },
  locks: ({ feed_id }) => [theFeed(feed_id)],
  facts: seenPeople,
  decide({ feed }, { input: { provider_id, user_id } }, isSeen) {
    if (feed.state === 'removed') return reject('not_found', 'The feed was removed.');
    if (!isSeen) return reject('not_found', 'The site has not named such a person.');
    return [personLinked({ provider_id, user_id })];
  },
  writes: (_, { input: { feed_id, provider_id, user_id } }) => [
    update('feed_people', { feed_id, provider_id }, { user_id, is_linked: true }),
  ],
  resource: linkAnswer,
  result: (_, { input: { feed_id: id, provider_id, user_id } }) => ({
    id,
    provider_id,
    user_id,
    linked: true as const,
  }),
  // Some sites know people by their names alone.
  keeps: ({ feed_id, user_id, owner }) => ({ feed_id, user_id, owner }),
  records: [personLinked],
  rejects: ['not_found'],
});
