/** People of a site are invited: the link is good once, for a day, for one person, and is known by its hash alone. */
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Cast, cast, get, type Json, must, type Person, person, post, send } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const SHEET = `id,round,title,courtroom,scheduled_at,petitioner,respondent,panel
m1,1,Meridian v. Harbour,Room 1,2027-03-01T09:30:00Z,Ada Petrova,Rui Santos,Judge Okafor`;

describe.skipIf(isLeftOut)('an invitation', () => {
  let stack: Stack;
  let people: Cast;
  let path: string;
  let assignment_id: string;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack?.stop());
  beforeEach(async () => {
    people = cast();
    const naming = { provider: 'csv', name: 'School Moot' };
    const { result } = await must(post(stack.url, '/api/feed/create', people.admin, naming));
    path = `/api/feed/${result.id}`;
    const made = await must(post(stack.url, `${path}/upload`, people.admin, SHEET, { 'content-type': 'text/csv' }));
    assignment_id = made.create[0].assignment_id;
  });

  const invite = (who: string, headers: Record<string, string> = {}, as = people.admin) =>
    post(stack.url, `${path}/people/${encodeURIComponent(who)}/invite`, as, {}, headers);
  const follow = (link: string, method = 'POST') => send(stack.url, method, link, null);
  const spent = { status: 401, body: { code: 'unauthenticated' } };

  async function enter(who: string): Promise<Person & { role: string }> {
    const { token } = await must(follow((await must(invite(who))).result.link));
    const { sub, role, institution_id } = jwt.decode(token) as Json;
    return { id: sub, token, role, institution_id, name: who };
  }

  test('yields a token with the user and the role that the person has here, and with that they take part', async () => {
    const { items } = await must(get(stack.url, `${path}/people`, people.admin));
    const [judge, ada] = [await enter('judge okafor'), await enter('ada petrova')];
    const userOf = (id: string) => items.find(({ provider_id }: Json) => provider_id === id).user_id;
    expect(judge).toMatchObject({ id: userOf('judge okafor'), role: 'judge', institution_id: people.institution_id });
    expect(ada).toMatchObject({ id: userOf('ada petrova'), role: 'participant' });
    const { result: session } = await must(post(stack.url, '/api/session/create', judge, { assignment_id }));
    await must(post(stack.url, `/api/session/${session.id}/start`, judge));
    await must(post(stack.url, `/api/session/${session.id}/join`, ada, { role: 'petitioner' }));
  });

  test('is told to the admin who invited alone, and no table has what opens its link', async () => {
    const { command_id, result } = await must(invite('ada petrova'));
    expect(result).toMatchObject({ provider_id: 'ada petrova', role: 'participant', expires_at: expect.any(String) });
    expect(result.link).toMatch(/^\/api\/invite\/[\w-]{43}$/);
    const secret = result.link.split('/').at(-1);
    const toldTo = async (who: Person) => (await must(get(stack.url, `/api/command/${command_id}`, who))).result.link;
    expect(await toldTo(people.admin)).toBe(result.link);
    expect(await toldTo(person('admin', { institution_id: people.institution_id }))).toBeNull();
    for (const table of ['commands', 'feed_invites', 'event_payloads']) {
      const { rows } = await stack.pool.query(`select t::text from ${table} t`);
      expect(JSON.stringify(rows)).not.toContain(secret);
    }
  });

  test.each(['GET', 'POST'])(
    'is good once, by %s, and of many who follow it at once one has the token',
    async (method) => {
      const { result } = await must(invite('ada petrova'));
      const answers = await Promise.all(Array.from({ length: 8 }, () => follow(result.link, method)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      for (const answer of answers.filter(({ status }) => status !== 200)) expect(answer).toMatchObject(spent);
      expect(answers.find(({ status }) => status === 200)!.headers.get('cache-control')).toBe('no-store');
      expect(await follow(result.link, method)).toMatchObject(spent);
    },
  );

  test('is not used up by what only looks at it', async () => {
    const { result } = await must(invite('ada petrova'));
    expect((await fetch(stack.url + result.link, { method: 'HEAD' })).status).toBe(405);
    expect((await follow(result.link)).status).toBe(200);
  });

  test('ends after a day', async () => {
    const { result } = await must(invite('ada petrova'));
    await stack.pool.query(`update feed_invites set expires_at = clock_timestamp() where user_id = $1`, [
      result.user_id,
    ]);
    expect(await follow(result.link)).toMatchObject(spent);
  });

  test('takes the place of the one before, and its repetition has the same link', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = (await must(invite('ada petrova'))).result.link;
    const second = (await must(invite('ada petrova', headers))).result.link;
    expect(second).not.toBe(first);
    expect((await must(invite('ada petrova', headers))).result.link).toBe(second);
    expect(await follow(first)).toMatchObject(spent);
    expect((await follow(second)).status).toBe(200);
  });

  test('ends where its person is linked to a user', async () => {
    const { link } = (await must(invite('ada petrova'))).result;
    const linking = { provider_id: 'ada petrova', user_id: people.petitioner.id };
    await must(post(stack.url, `${path}/people/link`, people.admin, linking));
    expect(await follow(link)).toMatchObject(spent);
  });

  test("ends with the person's tokens, and with the feed", async () => {
    const { result } = await must(invite('ada petrova'));
    await must(post(stack.url, '/ops/tokens/revoke', people.admin, { user_id: result.user_id }));
    expect(await follow(result.link)).toMatchObject(spent);
    const other = (await must(invite('rui santos'))).result.link;
    await must(post(stack.url, `${path}/remove`, people.admin));
    expect(await follow(other)).toMatchObject(spent);
  });

  test('is not for a person who was linked, nor for one whom the site has not named, nor made by others', async () => {
    const linking = { provider_id: 'ada petrova', user_id: people.petitioner.id };
    await must(post(stack.url, `${path}/people/link`, people.admin, linking));
    expect(await invite('ada petrova')).toMatchObject({ status: 409, body: { code: 'person_linked' } });
    for (const name of ['nobody', 'nobody\u0000', 'n'.repeat(201)]) {
      expect(await invite(name)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    expect(await invite('rui santos', {}, cast().admin)).toMatchObject({ status: 404 });
    expect(await invite('rui santos', {}, people.presiding)).toMatchObject({ status: 403 });
  });

  test.each(['x', 'A'.repeat(43), `${'A'.repeat(42)}!`])('opens nothing by a guess: %s', async (guess) => {
    const link = `/api/invite/${encodeURIComponent(guess)}`;
    expect(await follow(link)).toMatchObject(spent);
    expect(await post(stack.url, link, people.admin)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});
