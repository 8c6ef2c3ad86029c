/** Feeds as answers show them. Of a feed's secret they show nothing. */
import { z } from 'zod';
import { VISIBILITIES } from '../access/scope.ts';
import { at, count, listOf, named, text, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { type Feed, PROVIDERS } from './feed.ts';

const facts = {
  id: uuid,
  institution_id: uuid,
  name: text,
  provider: z.enum(PROVIDERS),
  base_url: text.nullable(),
  tournament: text.nullable(),
  visibility: z.enum(VISIBILITIES),
  enabled: z.boolean(),
  created_at: at,
};

const EXAMPLE_FACTS = {
  ...{ id: EXAMPLE.command_id, institution_id: EXAMPLE.institution_id, name: 'Harbour Moot' },
  ...{ provider: 'tabbycat' as const, base_url: 'https://tab.example.org', tournament: 'harbour2026' },
  ...{ visibility: 'institution' as const, enabled: true, created_at: EXAMPLE.created_at },
};

/** After a command. */
export const feedAfter = named('FeedAfter', z.strictObject({ ...facts, removed: z.boolean() }), {
  ...EXAMPLE_FACTS,
  removed: false,
});

/** Both sides changed a field since it was brought in; ours stays until an admin takes one. */
export const conflictAnswer = z.strictObject({
  n: count,
  assignment_id: uuid,
  field: text,
  base: z.unknown(),
  ours: z.unknown(),
  theirs: z.unknown(),
});

const EXAMPLE_CONFLICT = {
  ...{ n: 1, assignment_id: EXAMPLE.event_id, field: 'courtroom' },
  ...{ base: 'Room 1', ours: 'Courtroom 2', theirs: 'Room 3' },
};

/** With how it is just now. */
export const feedAnswer = named(
  'Feed',
  z.strictObject({
    ...facts,
    /** In basis points. */
    health: count.max(10_000),
    /** Requests in the minute under way, and how many there may be. */
    quota: z.strictObject({ limit: count, used: count }),
    breaker: z.enum(['closed', 'open', 'half_open']),
    /** Null before the first one. */
    last_sync: at.nullable(),
    /** Those that wait for an admin, at most a hundred. */
    conflicts: z.array(conflictAnswer),
    /** Debates of the last import that became no match. */
    unresolved: count,
  }),
  {
    ...EXAMPLE_FACTS,
    ...{ health: 10_000, quota: { limit: 60, used: 8 }, breaker: 'closed' as const, last_sync: EXAMPLE.now },
    ...{ conflicts: [EXAMPLE_CONFLICT], unresolved: 0 },
  },
);

export const feedList = listOf('FeedList', feedAnswer);

export function factsOf({ id, institution_id, name, provider, base_url, tournament, visibility, ...feed }: Feed) {
  const { created_at } = feed;
  return {
    ...{ id, institution_id, name, provider, base_url, tournament, visibility },
    ...{ enabled: feed.state === 'enabled', created_at },
  };
}

/** The result of a command. */
export const afterOf = (feed: Feed) => ({ ...factsOf(feed), removed: feed.state === 'removed' });
