/** An admin names the software from which rounds are to come in. It is asked nothing yet. */
import { z } from 'zod';
import { defineCommand } from '../access/defineCommand.ts';
import { VISIBILITIES } from '../access/scope.ts';
import { type Actor, ADMINS } from '../core/definitions/actor.ts';
import type { FactSource, InputError } from '../core/definitions/command.ts';
import { defineEvent, type JsonObject } from '../core/definitions/event.ts';
import { privately } from '../core/definitions/privateText.ts';
import { freeObject, id, line } from '../core/definitions/schemas.ts';
import { idOf } from '../core/definitions/stream.ts';
import { insert } from '../core/definitions/write.ts';
import { feedStream, PROVIDERS, type ProviderName, theFeed } from './feed.ts';
import { afterOf, feedAfter } from './feedAnswers.ts';
import { reject } from './feedProblems.ts';
import { checkMapping, checkPointers } from './providers/genericJson/genericJson.ts';

const MOST_MAPPING = 16_384;
/** With a `sample`, a document of that site, it is tried on it; the sample is not kept. As deep as samples are. */
const mapping = privately(
  freeObject(12).refine((value) => JSON.stringify(value).length <= MOST_MAPPING, 'has at most 16 KiB'),
);

/** The site: credentials belong in a secret, and what follows the path belongs to nothing that is asked. */
const site = z
  .string()
  .max(500)
  .refine(isSite, 'must be the address of a site, like https://tab.example.org, without a user, a query or a fragment')
  .overwrite((text) => text.replace(/\/+$/, ''));

function isSite(text: string): boolean {
  if (!/^https?:\/\/\S+$/i.test(text) || !URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username === '' && password === '' && search === '' && hash === '' && !/[?#]/.test(text);
}

const slug = z.string().regex(/^[\w-]{1,100}$/, 'must be the short name that stands in its addresses');
/** Of a file in the folder of the institution: never a path. */
const fileName = z.string().regex(/^[\w-][\w.-]{0,63}$/, 'must be the name of a file, and no path');

const facts = {
  provider: z.enum(PROVIDERS),
  name: line,
  base_url: z.string().nullable(),
  tournament: z.string().nullable(),
  secret_ref: z.string().nullable(),
  mapping: mapping.nullable(),
  visibility: z.enum(VISIBILITIES),
};

export const feedCreated = defineEvent({
  stream: feedStream,
  type: 'PROCEDURAL_FEED_CREATED',
  payload: z.strictObject({ ...facts, name: z.string(), institution_id: id }),
  evolve: (_, { stream, at, payload }) => ({
    ...payload,
    ...{ id: idOf(stream), state: 'enabled' as const, created_at: at, changed_at: at },
  }),
  project(_, feed) {
    const { id, ...rest } = feed!;
    return [insert('feeds', { id }, rest)];
  },
});

const body = z.strictObject({
  institution_id: id.optional(),
  provider: z.enum(PROVIDERS),
  name: line,
  base_url: site.optional(),
  tournament: slug.optional(),
  secret_ref: fileName.optional(),
  mapping: mapping.optional(),
  visibility: z.enum(VISIBILITIES).default('institution'),
});
type Body = z.output<typeof body>;
type Part = 'base_url' | 'tournament' | 'secret_ref' | 'mapping';

/** What each kind of software must be told, and what it may be told besides. */
const PARTS: Record<ProviderName, { needs: readonly Part[]; takes: readonly Part[] }> = {
  tabbycat: { needs: ['base_url', 'tournament'], takes: ['secret_ref'] },
  generic_json: { needs: ['base_url', 'mapping'], takes: ['tournament', 'secret_ref'] },
  csv: { needs: [], takes: [] },
};

function faultsOf(input: Body, actor: Actor): InputError[] {
  const { needs, takes } = PARTS[input.provider];
  const parts = ['base_url', 'tournament', 'secret_ref', 'mapping'] as const;
  const missing = needs.filter((part) => input[part] === undefined);
  const strange = parts.filter((part) => input[part] !== undefined && ![...needs, ...takes].includes(part));
  const isHomeless = actor.role === 'super_admin' && input.institution_id === undefined;
  return [
    ...missing.map((part) => ({ pointer: `/${part}`, detail: `is needed for ${input.provider}` })),
    ...strange.map((part) => ({ pointer: `/${part}`, detail: `is not for ${input.provider}` })),
    ...(input.provider === 'generic_json' && input.mapping ? mappingFaults(input.mapping) : []),
    ...(isHomeless ? [{ pointer: '/institution_id', detail: 'a super_admin names the institution' }] : []),
  ];
}

function mappingFaults({ sample, ...pointers }: JsonObject): InputError[] {
  const checked = sample === undefined ? checkPointers(pointers) : checkMapping(pointers, sample);
  return 'faults' in checked ? checked.faults.map(({ pointer, detail }) => ({ pointer, detail })) : [];
}

function withoutSample(mapping: JsonObject | undefined): JsonObject | null {
  const { sample: _, ...pointers } = mapping ?? {};
  return mapping === undefined ? null : pointers;
}

/** Of an institution. What is asked for at the same moment may come to a few more. */
const MOST_FEEDS = 200;

/** How many its institution has; no more are counted than it may have. */
const feedsBefore: FactSource<unknown, number> = {
  key: ({ id }) => id,
  async load(db, command_ids) {
    const { rows } = await db.query<{ key: string; count: number }>(
      `select c.id as key, (select count(*)::integer from (
         select from feeds f where f.state <> 'removed'
           and f.institution_id = coalesce((c.input ->> 'institution_id')::uuid, c.actor_institution_id)
         limit ${MOST_FEEDS}) own) as count
       from commands c where c.id = any($1)`,
      [command_ids],
    );
    return new Map(rows.map(({ key, count }) => [key, count]));
  },
};

export const createFeed = defineCommand({
  name: 'feed.create',
  route: 'POST /api/feed/create',
  summary: 'Name the tournament software from which rounds come in',
  who: ADMINS,
  body,
  example: {
    provider: 'tabbycat',
    name: 'Harbour Moot',
    base_url: 'https://tab.example.org',
    tournament: 'harbour2026',
  },
  creates: '/api/feed',
  faults: faultsOf,
  admits: (actor, _, { institution_id }) =>
    actor.role === 'super_admin' || institution_id === undefined || institution_id === actor.institution_id,
  async looksOut(outside, { input: { base_url, secret_ref, institution_id }, actor }) {
    if (base_url === undefined) return [];
    const owner = institution_id ?? actor.institution_id!;
    const address = await outside.faultOfAddress(base_url);
    const secret = secret_ref === undefined ? undefined : await outside.faultOfSecret(owner, secret_ref, base_url);
    return [
      ...(address === undefined ? [] : [{ pointer: '/base_url', detail: address }]),
      ...(secret === undefined ? [] : [{ pointer: '/secret_ref', detail: secret }]),
    ];
  },
  locks: (_, __, id) => [theFeed(id)],
  facts: feedsBefore,
  decide(_, { input, actor }, count = 0) {
    if (count >= MOST_FEEDS) return reject('too_many_feeds', `It has ${count} feeds, and may have ${MOST_FEEDS}.`);
    const { base_url = null, tournament = null, secret_ref = null, mapping: given, ...rest } = input;
    const mapping = withoutSample(given);
    const institution_id = input.institution_id ?? actor.institution_id!;
    return [feedCreated({ ...rest, base_url, tournament, secret_ref, mapping, institution_id })];
  },
  resource: feedAfter,
  result: ({ states: { feed } }) => afterOf(feed),
  keeps: ({ provider }) => ({ provider }),
  records: [feedCreated],
  rejects: ['too_many_feeds'],
});
