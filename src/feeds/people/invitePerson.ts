/**
 * An admin invites a person of a site: by a link that is good once and for a day, and yields a token with the user that the
 * person is here. What opens the link is kept as a hash alone. A person who was linked is a user with a token of their own,
 * and is not invited: nobody gets a token in the name of another.
 */
import { z } from 'zod';
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { sha256 } from '../../core/chain/sha256.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { at, hash, named, text, uuid } from '../../core/definitions/answers.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { id } from '../../core/definitions/schemas.ts';
import { insert, update } from '../../core/definitions/write.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { feedStream, ownerOf, theFeed } from '../feed.ts';
import { reject } from '../feedProblems.ts';
import { ASKED_PEOPLE, factsOfPeople, type Naming } from './naming.ts';

const LIVES_MS = 24 * 3_600_000;
/** As sites call people: no other text is looked for. */
const NAMED_THERE = /^[^\0]{1,200}$/s;

const INVITED_AS = ['participant', 'judge'] as const;
const ROLES = { speaker: 'participant', adjudicator: 'judge' } as const;

export const personInvited = defineEvent({
  stream: feedStream,
  type: 'PROCEDURAL_FEED_PERSON_INVITED',
  payload: z.strictObject({ provider_id: privateText, user_id: id, role: z.enum(INVITED_AS) }),
  evolve: (feed) => feed,
  project: () => [],
  erased: (payload) => ({ ...payload, provider_id: '' }),
});

export interface Invitee {
  kind: keyof typeof ROLES;
  name: string | null;
  user_id: string;
  is_linked: boolean;
  /** There is a row of an earlier invitation. */
  was_invited: boolean;
}

/** The person as the site has named them. */
const invitees = factsOfPeople<Naming & Invitee, Invitee>(
  `select p.feed_id, p.provider_id, p.kind, p.name, p.user_id, p.is_linked, i.id is not null as was_invited
   from ${ASKED_PEOPLE} left join feed_invites i using (feed_id, provider_id)`,
  ({ feed_id: _, provider_id: __, ...invitee }) => invitee,
);

const inviteAnswer = named(
  'FeedInvite',
  /** `id` is the feed's. */
  z.strictObject({
    ...{ id: uuid, provider_id: text, user_id: uuid, role: z.enum(INVITED_AS), expires_at: at },
    /** The admin who invited is told it, and again while it may be used. */
    link: text.nullable(),
    /** Of its secret, where the link itself is not told. */
    secret_hash: hash.optional(),
  }),
  {
    ...{ id: EXAMPLE.command_id, provider_id: '42', user_id: EXAMPLE.user_id, role: 'participant' as const },
    expires_at: '2026-09-25T10:11:12.345Z',
    link: 'https://court.example/api/invite/3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  },
);

/** As the door has added it. */
const hashIn = (input: object) => (input as { secret_hash: string }).secret_hash;
const endOf = (now: string) => new Date(Date.parse(now) + LIVES_MS).toISOString();

export const invitePerson = defineOwnedCommand({
  name: 'feed.invite',
  route: 'POST /api/feed/:feed_id/people/:provider_id/invite',
  summary: 'Invite a person of the tournament software: a link that yields a token once, within a day',
  who: ADMINS,
  within: null,
  ownerOf: async (asked) => (NAMED_THERE.test(String(asked.input.provider_id)) ? ownerOf(asked) : undefined),
  body: z.strictObject({}),
  secret: true,
  yieldsToken: true,
  locks: ({ feed_id }) => [theFeed(feed_id)],
  facts: invitees,
  decide({ feed }, { input: { provider_id } }, person) {
    if (feed.state === 'removed') return reject('not_found', 'The feed was removed.');
    if (!person) return reject('not_found', 'The site has not named such a person.');
    if (person.is_linked) return reject('person_linked', 'The person was linked to a user.');
    return [personInvited({ provider_id, user_id: person.user_id, role: ROLES[person.kind] })];
  },
  writes({ feed }, { id, input, now }, person) {
    const { feed_id, provider_id } = input;
    const { kind, name, user_id, was_invited } = person!;
    const write = was_invited ? update : insert;
    const invite = {
      ...{ id, institution_id: feed.institution_id, user_id, role: ROLES[kind], name },
      ...{ invited_at: now, expires_at: endOf(now), secret_hash: hashIn(input), used_at: null },
    };
    return [write('feed_invites', { feed_id, provider_id }, invite)];
  },
  resource: inviteAnswer,
  result(_, { input, now }, person) {
    const { feed_id: id, provider_id } = input;
    const { kind, user_id } = person!;
    const told = { id, provider_id, user_id, role: ROLES[kind], expires_at: endOf(now) };
    return { ...told, link: null, secret_hash: hashIn(input) };
  },
  /** Of the result and not of the input: a repetition has an input of its own. */
  answer({ secret_hash, ...result }, { id }, _, issueLink) {
    const path = (secret: string) => `/api/invite/${secret}`;
    return { ...result, link: issueLink({ id, secret_hash: String(secret_hash), path }) };
  },
  // A spreadsheet knows its people by their names alone.
  keeps: ({ feed_id, owner }) => ({ feed_id, owner }),
  records: [personInvited],
  rejects: ['not_found', 'person_linked'],
});

/** What a link yields a token of. */
export interface Redeemed {
  id: string;
  user_id: string;
  role: (typeof INVITED_AS)[number];
  name: string | null;
  institution_id: string;
}

/** With a person's tokens the invitations end, too, that were made before; and where the person was linked since. */
const REDEEM = {
  name: 'redeem-invite',
  text: `
    update feed_invites i set used_at = clock_timestamp()
    from feeds f join feed_people p on p.feed_id = f.id
    where i.secret_hash = $1 and i.used_at is null and i.expires_at > clock_timestamp()
      and f.id = i.feed_id and f.state <> 'removed'
      and p.provider_id = i.provider_id and not p.is_linked
      and not exists (select from revocations r where r.claim = 'sub' and r.value = i.user_id::text
        and r.revoked_at >= i.invited_at and (r.institution_id is null or r.institution_id = i.institution_id))
    returning i.id, i.user_id, i.role, i.name, i.institution_id`,
};

/** Of two at once one has it. @param door of role `door`. @returns undefined for what opens nothing, or no more */
export async function redeem(door: Queryable, secret: string): Promise<Redeemed | undefined> {
  return (await door.query<Redeemed>({ ...REDEEM, values: [sha256(secret)] })).rows[0];
}
