/** A feed is named with what its software must be told, and with nothing else. */
import { describe, expect, test } from 'vitest';
import type { Outside } from '../../src/core/definitions/outside.ts';
import { createFeed, feedCreated } from '../../src/feeds/createFeed.ts';
import { given, NOW } from '../support/given.ts';
import { admin, FEED, INSTITUTION, superAdmin } from '../support/matchFixture.ts';

const BODY = {
  ...{ provider: 'tabbycat', name: 'Harbour Moot', base_url: 'https://tab.example.org/site/' },
  ...{ tournament: 'harbour2026', secret_ref: 'tab' },
} as const;

const facts = {
  provider: 'tabbycat',
  name: 'Harbour Moot',
  base_url: 'https://tab.example.org/site',
  tournament: 'harbour2026',
  secret_ref: 'tab',
  mapping: null,
  visibility: 'institution',
} as const;

test('a feed is switched on from the start, and its answer says nothing of its secret', () => {
  const verdict = given()
    .when(createFeed, BODY, admin, { id: FEED })
    .then(feedCreated({ ...facts, institution_id: INSTITUTION }))!;
  expect(verdict.result).toEqual({
    ...{ id: FEED, institution_id: INSTITUTION, name: 'Harbour Moot', provider: 'tabbycat' },
    ...{ base_url: facts.base_url, tournament: 'harbour2026', visibility: 'institution' },
    ...{ enabled: true, created_at: NOW, removed: false },
  });
});

test('an institution has 200 feeds and no more', () => {
  const name = { provider: 'csv', name: 'Moot' } as const;
  const input = { ...name, base_url: null, tournament: null, secret_ref: null, mapping: null };
  const recorded = feedCreated({ ...input, visibility: 'institution', institution_id: INSTITUTION });
  given().when(createFeed, name, admin, { id: FEED, fact: 199 }).then(recorded);
  given().when(createFeed, name, admin, { id: FEED, fact: 200 }).then('too_many_feeds');
});

test('a super_admin says in which institution', () => {
  const input = { ...BODY, institution_id: INSTITUTION };
  given()
    .when(createFeed, input, superAdmin, { id: FEED })
    .then(feedCreated({ ...facts, institution_id: INSTITUTION }));
  expect(faultsOf({ provider: 'csv', name: 'Harbour Moot' }, superAdmin)).toEqual(['/institution_id']);
});

const faultsOf = (body: object, actor = admin) =>
  createFeed.faults!(createFeed.body.parse(body) as never, actor).map(({ pointer }) => pointer);

test.each<[string, object, string[]]>([
  ['tabbycat without a site', { provider: 'tabbycat', name: 'M' }, ['/base_url', '/tournament']],
  ['tabbycat with a mapping', { ...BODY, mapping: { rounds: '/rounds' } }, ['/mapping']],
  ['generic_json without a mapping', { provider: 'generic_json', name: 'M', base_url: BODY.base_url }, ['/mapping']],
  ['csv with a site', { provider: 'csv', name: 'M', base_url: BODY.base_url }, ['/base_url']],
  ['csv alone', { provider: 'csv', name: 'M' }, []],
  ['all that tabbycat takes', BODY, []],
])('%s', (_, body, faults) => {
  expect(faultsOf(body)).toEqual(faults);
});

describe('the mapping of a site', () => {
  const pointers = {
    path: '/x.json',
    matches: '/m',
    id: '/id',
    petitioner: { name: '/p' },
    respondent: { name: '/r' },
  };
  const json = (mapping: object) => ({ provider: 'generic_json', name: 'M', base_url: BODY.base_url, mapping });
  const sample = { m: [{ id: 1, p: 'Team P', r: 'Team R' }] };

  test('is kept without the sample that it was tried on', () => {
    expect(faultsOf(json({ ...pointers, sample }))).toEqual([]);
    const { tournament: _, secret_ref: __, ...rest } = facts;
    const kept = {
      ...rest,
      ...json(pointers),
      base_url: facts.base_url,
      tournament: null,
      secret_ref: null,
      institution_id: INSTITUTION,
    };
    given()
      .when(createFeed, createFeed.body.parse(json({ ...pointers, sample })) as never, admin, { id: FEED })
      .then(feedCreated(kept as never));
  });

  test('is refused where it is none, and where it leads to nothing in its sample', () => {
    expect(faultsOf(json({ rounds: '/rounds' }))).toContain('/mapping/matches');
    expect(faultsOf(json({ ...pointers, sample: { m: [{ id: 1, r: 'Team R' }] } }))).toEqual(['/mapping/sample/m/0/p']);
  });
});

test.each([
  { base_url: 'ftp://tab.example.org' },
  { base_url: 'https://user:pass@tab.example.org' },
  { base_url: 'https://user@tab.example.org' },
  { base_url: 'https://tab.example.org?key=1' },
  { base_url: 'https://tab.example.org/?' },
  { base_url: 'https://tab.example.org#top' },
  { base_url: 'https:tab.example.org' },
  { base_url: 'https://' },
  { base_url: 'tab.example.org' },
  { base_url: `https://${'a'.repeat(500)}.example.org` },
  { secret_ref: '../other/tab' },
  { secret_ref: 'a/b' },
  { secret_ref: '..' },
  { secret_ref: '.hidden' },
  { secret_ref: '' },
  { tournament: 'a/b' },
  { tournament: '..' },
  { mapping: { text: 'x'.repeat(20_000) } },
  { mapping: 'rounds' },
  { provider: 'internal' },
  { provider: 'fixture' },
  { name: '' },
  { visibility: 'secret' },
])('%j is refused', (changes) => {
  expect(createFeed.body.safeParse({ ...BODY, ...changes }).success).toBe(false);
});

test('where the site and its secret are is looked at for the institution of the feed', async () => {
  const asked: unknown[] = [];
  const outside: Outside = {
    async faultOfAddress(url) {
      asked.push(url);
      return 'is private';
    },
    async faultOfSecret(...all) {
      asked.push(...all);
      return 'is none';
    },
    readPaces: async () => [],
    isCommand: () => true,
  };
  const input = createFeed.body.parse(BODY) as never;
  expect(await createFeed.looksOut!(outside, { input, actor: admin })).toEqual([
    { pointer: '/base_url', detail: 'is private' },
    { pointer: '/secret_ref', detail: 'is none' },
  ]);
  expect(asked).toEqual([facts.base_url, INSTITUTION, 'tab', facts.base_url]);
  const csv = createFeed.body.parse({ provider: 'csv', name: 'M' }) as never;
  expect(await createFeed.looksOut!(outside, { input: csv, actor: admin })).toEqual([]);
});
