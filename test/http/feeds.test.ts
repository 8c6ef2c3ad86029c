/** Feeds over HTTP: what an admin may name, what is refused, and who sees what. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, must, post } from '../support/client.ts';
import { RESULT } from '../support/matchFixture.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const SITE = 'http://127.0.0.1:9';

describe.skipIf(isLeftOut)('a feed', () => {
  let stack: Stack;
  let people: Cast;
  let secrets: string;

  beforeAll(async () => {
    secrets = mkdtempSync(join(tmpdir(), 'plearoll-secrets-'));
    stack = await startStack({ FEED_SECRETS_DIR: secrets, FEED_ALLOWED_NETWORKS: '127.0.0.0/8' });
    people = cast();
    keepSecret(people.institution_id, 'tab', SITE);
    keepSecret(people.institution_id, 'elsewhere', 'https://tab.example.org');
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(secrets, { recursive: true, force: true });
  });

  function keepSecret(institution_id: string, name: string, origin: string) {
    mkdirSync(join(secrets, institution_id), { recursive: true });
    writeFileSync(join(secrets, institution_id, name), JSON.stringify({ origin, token: 'the-token-of-the-tab' }));
  }

  const tabbycat = (changes: object = {}) => ({
    ...{ provider: 'tabbycat', name: 'Harbour Moot', base_url: SITE, tournament: 'harbour2026' },
    ...changes,
  });
  const create = (body: object, who = people.admin) => post(stack.url, '/api/feed/create', who, body);

  test('is named, listed, switched off and on, and removed', async () => {
    const answer = await create(tabbycat({ secret_ref: 'tab' }));
    expect(answer.status).toBe(201);
    const { id } = answer.body.result;
    const path = `/api/feed/${id}`;
    expect(answer.headers.get('location')).toBe(path);
    const shown = await must(get(stack.url, path, people.admin));
    expect(shown).toEqual({
      ...{ id, institution_id: people.institution_id, name: 'Harbour Moot', provider: 'tabbycat', base_url: SITE },
      ...{ tournament: 'harbour2026', visibility: 'institution', enabled: true, created_at: expect.any(String) },
      ...{ health: 8_000, quota: { limit: 60, used: 0 }, breaker: 'closed', last_sync: null, conflicts: [] },
      unresolved: 0,
    });
    expect(JSON.stringify([answer.body, shown])).not.toMatch(/the-token|secret/);
    const { result: later } = await must(create({ provider: 'csv', name: 'School Moot' }));
    const listed = await must(get(stack.url, '/api/feed/list?limit=1', people.admin));
    expect(listed.items.map((feed: { id: string }) => feed.id)).toEqual([later.id]);
    const rest = await must(get(stack.url, `/api/feed/list?cursor=${listed.next_cursor}`, people.admin));
    expect(rest).toEqual({ items: [shown], next_cursor: null });
    await must(post(stack.url, `${path}/disable`, people.admin));
    expect((await must(get(stack.url, path, people.admin))).enabled).toBe(false);
    expect((await must(post(stack.url, `${path}/enable`, people.admin))).result.enabled).toBe(true);
    expect((await must(post(stack.url, `${path}/remove`, people.admin))).result.removed).toBe(true);
    for (const asked of [get(stack.url, path, people.admin), post(stack.url, `${path}/enable`, people.admin)]) {
      expect(await asked).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
  });

  test.each<[string, object, string]>([
    ['a site without TLS', { base_url: 'http://192.0.2.1' }, '/base_url'],
    ['a private address', { base_url: 'https://10.1.2.3' }, '/base_url'],
    ['a link-local address', { base_url: 'https://169.254.169.254' }, '/base_url'],
    ['an address of a carrier', { base_url: 'https://100.64.0.1' }, '/base_url'],
    ['no address at all', { base_url: 'https://0.0.0.0' }, '/base_url'],
    ['loopback of IPv6', { base_url: 'https://[::1]' }, '/base_url'],
    ['a private address mapped into IPv6', { base_url: 'https://[::ffff:10.1.2.3]' }, '/base_url'],
    ['a private address behind NAT64', { base_url: 'https://[64:ff9b::a01:203]' }, '/base_url'],
    ['a port of its own', { base_url: 'https://1.1.1.1:8443' }, '/base_url'],
    ['a user in the address', { base_url: 'https://user:pass@tab.example.org' }, '/base_url'],
    ['a secret that is not there', { secret_ref: 'none' }, '/secret_ref'],
    ['a secret of another site', { secret_ref: 'elsewhere' }, '/secret_ref'],
    ['a secret by a path', { secret_ref: '../tab' }, '/secret_ref'],
    ['a mapping, where it takes none', { mapping: { rounds: '/rounds' } }, '/mapping'],
    ['no tournament', { tournament: undefined }, '/tournament'],
  ])('is refused with %s', async (_, changes, pointer) => {
    const answer = await create(tabbycat(changes));
    expect(answer).toMatchObject({ status: 422, body: { code: 'validation_failed', errors: [{ pointer }] } });
  });

  test("is refused with another institution's secret", async () => {
    const others = cast();
    const answer = await create(tabbycat({ secret_ref: 'tab' }), others.admin);
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/secret_ref' }] } });
  });

  test('is nothing to anybody else, and another institution lists none of it', async () => {
    const { result: feed } = await must(create({ provider: 'csv', name: 'School Moot' }));
    const others = cast();
    expect(await must(get(stack.url, '/api/feed/list', others.admin))).toEqual({ items: [], next_cursor: null });
    const request_id = expect.any(String);
    for (const path of [`/api/feed/${feed.id}`, `/api/feed/${randomUUID()}`, '/api/feed/none']) {
      const { status, body } = await get(stack.url, path, others.admin);
      expect({ status, body: { ...body, request_id } }).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    expect((await get(stack.url, `/api/feed/${feed.id}`, people.presiding)).status).toBe(403);
  });

  test('takes no results back where that is switched off, as it is where nothing is said', async () => {
    const off = { status: 403, body: { code: 'feature_disabled', detail: 'FEED_RESULTS_BACK is off.' } };
    expect(await post(stack.url, `/api/match/${randomUUID()}/result`, people.admin, RESULT)).toMatchObject(off);
  });

  test('is created once under an Idempotency-Key, also where its secret is gone since', async () => {
    keepSecret(people.institution_id, 'passing', SITE);
    const body = tabbycat({ secret_ref: 'passing' });
    const headers = { 'idempotency-key': randomUUID() };
    const first = await must(post(stack.url, '/api/feed/create', people.admin, body, headers));
    rmSync(join(secrets, people.institution_id, 'passing'));
    const again = await must(post(stack.url, '/api/feed/create', people.admin, body, headers));
    expect(again.result.id).toBe(first.result.id);
  });
});
