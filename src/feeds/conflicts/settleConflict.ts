/**
 * An admin takes one side of a conflict. Theirs is sent to the match first, as the admin; either way what is there is known
 * from then on, and is no conflict again.
 */
import { z } from 'zod';
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { named, text, uuid } from '../../core/definitions/answers.ts';
import type { FactSource } from '../../core/definitions/command.ts';
import { defineEvent, type JsonObject } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { id } from '../../core/definitions/schemas.ts';
import { update } from '../../core/definitions/write.ts';
import { feedStream, ownerOf, theFeed } from '../feed.ts';
import { reject } from '../feedProblems.ts';
import { commandsToTake } from './takeTheirs.ts';

const SIDES = ['ours', 'theirs'] as const;

export const conflictSettled = defineEvent({
  stream: feedStream,
  type: 'PROCEDURAL_FEED_CONFLICT_SETTLED',
  payload: z.strictObject({ n: z.int(), assignment_id: id, field: z.string(), take: z.enum(SIDES) }),
  evolve: (feed) => feed,
  project: () => [],
});

interface Open {
  assignment_id: string;
  debate: string;
  field: string;
  theirs: unknown;
  /** Of the mapping; null where there is none any more. */
  base: JsonObject | null;
}

/** The conflict under this number, while nobody has settled it. */
const openConflicts: FactSource<{ feed_id: string; n: string }, Open> = {
  key: ({ input: { feed_id, n } }) => `${feed_id} ${n}`,
  async load(db, keys) {
    const { rows } = await db.query<Open & { key: string }>(
      `with open as materialized (
         select c.feed_id || ' ' || c.n as key, c.feed_id, c.assignment_id, c.debate, c.field, c.theirs from feed_conflicts c
         where c.settled_at is null and c.feed_id || ' ' || c.n = any($1) and c.feed_id = any($2)
       ), mapping as materialized (
         -- A run that changes other fields of it meanwhile is waited for: all of it is written.
         select m.feed_id, m.provider_id, m.base from feed_mappings m
         where m.entity_type = 'debate' and (m.feed_id, m.provider_id) in (select o.feed_id, o.debate from open o)
         order by m.feed_id, m.provider_id for update
       )
       select o.key, o.assignment_id, o.debate, o.field, o.theirs, m.base
       from open o left join mapping m on m.feed_id = o.feed_id and m.provider_id = o.debate`,
      [keys, keys.map((key) => key.split(' ')[0])],
    );
    return new Map(rows.map(({ key, ...open }) => [key, open]));
  },
};

const settledAnswer = named(
  'FeedConflictSettled',
  /** `id` is the feed's. */
  z.strictObject({ id: uuid, n: z.int(), assignment_id: uuid, field: text, take: z.enum(SIDES) }),
  { id: EXAMPLE.command_id, n: 1, assignment_id: EXAMPLE.event_id, field: 'courtroom', take: 'theirs' },
);

export const settleConflict = defineOwnedCommand({
  name: 'feed.settle',
  route: 'POST /api/feed/:feed_id/conflict/:n',
  summary: 'Take one side of a conflict: `ours` stays as it is, `theirs` is sent to the match',
  who: ADMINS,
  within: null,
  ownerOf,
  body: z.strictObject({ take: z.enum(SIDES) }),
  example: { take: 'theirs' },
  first: ({ db, input: { feed_id, n, take } }) =>
    take === 'theirs' ? commandsToTake(db, feed_id, n) : Promise.resolve([]),
  locks: ({ feed_id }) => [theFeed(feed_id)],
  facts: openConflicts,
  decide({ feed }, { input: { n, take } }, open) {
    if (feed.state === 'removed') return reject('not_found', 'The feed was removed.');
    if (!open) return reject('not_found', 'There is no such open conflict.');
    return [conflictSettled({ n: Number(n), assignment_id: open.assignment_id, field: open.field, take })];
  },
  writes(_, { input: { feed_id, n, take }, now }, open) {
    const { debate, field, theirs, base } = open!;
    const settled = update('feed_conflicts', { feed_id, n: Number(n) }, { settled_at: now, taken: take });
    if (base === null) return [settled];
    const key = { feed_id, entity_type: 'debate', provider_id: debate };
    return [settled, update('feed_mappings', key, { base: { ...base, [field]: theirs }, changed_at: now })];
  },
  resource: settledAnswer,
  result(_, { input: { feed_id: id, n, take } }, open) {
    const { assignment_id, field } = open!;
    return { id, n: Number(n), assignment_id, field, take };
  },
  records: [conflictSettled],
  rejects: ['not_found'],
});
