/** Bad input on the gallery's routes: the exact refusal, and nothing of it stored; and what is odd, but in order. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { get, type Json, must, person, post } from '../support/client.ts';
import { openWorld, type World } from '../support/everybody.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

/** Characters as people count them; no two neighbours are the same. */
const emoji = (count: number) => Array.from({ length: count }, (_, i) => (i % 2 ? '❤️' : '👨‍👩‍👧‍👦')).join('');
const QUESTION = { text: 'Does the treaty bind the harbour?', category: 'question' };

describe.skipIf(isLeftOut)('the gallery', () => {
  let stack: Stack;
  let world: World;
  let path: string;
  let elsewhere: string;

  beforeAll(async () => {
    stack = await startStack();
    world = openWorld(stack);
    path = await open();
    const other = await open();
    elsewhere = (await must(say(QUESTION, {}, other))).result.id;
  });
  afterAll(() => stack?.stop());

  async function open(): Promise<string> {
    const { session_id, assignment_id } = await world.open('public');
    const changes = { gallery: 'breaks' };
    await must(post(world.url(), `/api/assignment/${assignment_id}/update`, world.people.admin, changes));
    return `/api/session/${session_id}`;
  }
  /** Each time by another person, whom no cooldown holds up. */
  const say = (body: unknown, headers: Record<string, string> = {}, at = path) =>
    post(world.url(), `${at}/gallery/post`, person('participant', { institution_id: randomUUID() }), body, headers);
  /** Commands and events, but for what the trail tells of refusals when their minute is over. */
  const count = async () =>
    (
      await stack.pool.query(
        `select (select count(*) from commands where name <> 'audit.record')::integer
           + (select count(*) from events where stream !~ '^audit:')::integer as n`,
      )
    ).rows[0].n as number;

  test.each([
    ['nothing', {}, 422, '/text'],
    ['no text', { ...QUESTION, text: '' }, 422, '/text'],
    ['a text that is a number', { ...QUESTION, text: 1 }, 422, '/text'],
    ['281 emoji', { ...QUESTION, text: emoji(281) }, 422, '/text'],
    ['281 letters with their accents', { ...QUESTION, text: 'e\u0301\u0323o\u0301'.repeat(141) }, 422, '/text'],
    ['U+0000', { ...QUESTION, text: 'Why\u0000not?' }, 422, '/text'],
    ['a category that there is not', { ...QUESTION, category: 'shout' }, 422, '/category'],
    ['a field that there is not', { ...QUESTION, author: 'me' }, 422, '/author'],
    ['half a body', '{"text":', 400, undefined],
    ['a mebibyte', { ...QUESTION, text: 'ab'.repeat(524_288) }, 413, undefined],
  ])('refuses %s, and nothing of it is stored', async (_, body, status, pointer) => {
    const before = await count();
    const answer = await say(body);
    expect(answer.status).toBe(status);
    if (pointer) expect(answer.body.errors.map((error: Json) => error.pointer)).toContain(pointer);
    expect(await count()).toBe(before);
  });

  test.each([
    ['<b></b>', 'empty'],
    ['see bіt.lу/3abc', 'link'],
    ['ring 079\u200b11 123\u200b456', 'telephone'],
    ['f.u.c.k this', 'profanity'],
  ])('refuses the text %s by its rule, and nothing of it is stored', async (text, rule) => {
    const before = await count();
    expect(await say({ ...QUESTION, text })).toMatchObject({ status: 422, body: { code: 'refused_text', rule } });
    expect(await count()).toBe(before);
  });

  test.each([
    ['280 emoji', emoji(280), emoji(280)],
    ['markup, which goes', '2 < 3 <img src=x onerror=alert(1)>&amp; so?', '2 < 3 &amp; so?'],
    ['a direction turned round, which goes', 'Who \u202eis\u202c it?', 'Who is it?'],
    ['terms of law', 'Is rape, assault or prostitution pleaded under Title IX?', undefined],
  ])('takes %s', async (_, text, shown = text) => {
    expect(await say({ ...QUESTION, text })).toMatchObject({ status: 201, body: { result: { text: shown } } });
  });

  test('takes a post with a browser’s fingerprint of any size, or none', async () => {
    for (const headers of [{}, { 'x-browser-fingerprint': '' }, { 'x-browser-fingerprint': 'f'.repeat(4_096) }]) {
      expect((await say(QUESTION, headers as Record<string, string>)).status).toBe(201);
    }
  });

  test.each([
    ...['vote', 'report', 'withdraw', 'approve', 'answer'].map((verb) => [verb, {}] as const),
    ...['hide', 'restore', 'ban'].map((verb) => [verb, { reason: 'Unkind.' }] as const),
  ])('finds nothing to %s that is elsewhere or nowhere, and no id in what is none', async (verb, more) => {
    // One of their own each time: nobody sends more than twenty in two seconds.
    const admin = person('admin', { institution_id: world.people.institution_id });
    const ask = (message_id: unknown) => post(world.url(), `${path}/gallery/${verb}`, admin, { message_id, ...more });
    const before = await count();
    for (const id of [elsewhere, randomUUID(), elsewhere.toUpperCase()]) {
      expect(await ask(id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    for (const id of ['1', '', 'a\u0000b', null, 1, 'x'.repeat(40_000), [elsewhere]]) {
      const { status, body } = await ask(id);
      expect([status, body.errors?.[0]?.pointer]).toEqual([422, '/message_id']);
    }
    expect(await count()).toBe(before);
  });

  const HOSTED = ['approve', 'hide', 'restore', 'answer', 'ban'];

  test.each([...HOSTED, 'report', 'open', 'close'])('refuses to %s with a reason that is none', async (verb) => {
    const admin = person('admin', { institution_id: world.people.institution_id });
    const named = ['open', 'close'].includes(verb) ? {} : { message_id: elsewhere };
    const ask = (more: Json) => post(world.url(), `${path}/gallery/${verb}`, admin, { ...named, ...more });
    const before = await count();
    for (const reason of ['', 'a\u0000b', 'x'.repeat(501), 1, ['Unkind.']]) {
      const { status, body } = await ask({ reason });
      expect([status, body.errors?.[0]?.pointer], JSON.stringify(reason)).toEqual([422, '/reason']);
    }
    expect((await ask({ reason: 'Unkind.', by: 'me' })).body.errors[0].pointer).toBe('/by');
    expect((await ask({ reason: 'x'.repeat(1_048_576) })).status).toBe(413);
    expect(await count()).toBe(before);
  });

  test('keeps a reason as it was written, markup and all: it is text wherever it is shown', async () => {
    const { body } = await say({ ...QUESTION, text: 'Is this seat taken?' });
    const { id: message_id } = body.result;
    const admin = person('admin', { institution_id: world.people.institution_id });
    const reason = '<img src=x onerror=alert(1)>\u202e so rude';
    const reporter = person('participant', { institution_id: randomUUID() });
    await must(post(world.url(), `${path}/gallery/report`, reporter, { message_id, reason }));
    const answer = await get(world.url(), `${path}/gallery/export`, admin);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.body.items.find(({ id }: Json) => id === message_id).reports).toMatchObject([{ reason }]);
  });

  test.each([
    ['gallery/slow', { seconds: -1 }, '/seconds'],
    ['gallery/slow', { seconds: 86_401 }, '/seconds'],
    ['gallery/slow', { seconds: 1.5 }, '/seconds'],
    ['gallery/ban', { reason: 'Shouts.', hours: 0 }, '/hours'],
    ['gallery/ban', { reason: 'Shouts.', hours: 8_761 }, '/hours'],
    ['gallery/ban', {}, '/reason'],
  ])('refuses %s with %o', async (part, more, pointer) => {
    const admin = person('admin', { institution_id: world.people.institution_id });
    const named = part === 'gallery/ban' ? { message_id: elsewhere } : {};
    const { status, body } = await post(world.url(), `${path}/${part}`, admin, { ...named, ...more });
    expect([status, body.errors.map((error: Json) => error.pointer)]).toEqual([422, expect.arrayContaining([pointer])]);
  });

  test.each([
    ['', '?limit=0', '/limit'],
    ['', '?limit=201', '/limit'],
    ['', '?sort=newest', '/sort'],
    ['', '?after=1', '/after'],
    ['', '?after=a%00b', '/after'],
    ['', '?who=me', '/who'],
    ['/held', '?limit=x', '/limit'],
    ['/export', '?limit=1001', '/limit'],
  ])('refuses to read gallery%s%s', async (part, query, pointer) => {
    const admin = person('admin', { institution_id: world.people.institution_id });
    const { status, body } = await get(world.url(), `${path}/gallery${part}${query}`, admin);
    expect([status, body.errors?.[0]?.pointer]).toEqual([422, pointer]);
  });

  test.each(['/messages', '/api/cooldown', '/api/gallery/cooldown'])(
    'refuses ids that are none at %s, and finds none elsewhere',
    async (at) => {
      const who = person('participant', { institution_id: randomUUID() });
      for (const id of ['1', 'a%00b', `${randomUUID()}x`]) {
        const { status, body } = await get(world.url(), `${at}?session_id=${id}`, who);
        expect([status, body.errors?.[0]?.pointer], id).toEqual([422, '/session_id']);
      }
      expect((await get(world.url(), `${at}?session_id=${randomUUID()}`, who)).status).toBe(404);
      expect((await get(world.url(), `${at}?session_id=${randomUUID()}`, null)).status).toBe(401);
    },
  );

  test.each(['ban', 'unban', 'confirm'])('refuses to %s what no ban can be about', async (verb) => {
    const admin = person('admin', { institution_id: world.people.institution_id });
    const ask = (body: Json) => post(world.url(), `/api/guard/${verb}`, admin, body);
    const reason = 'Floods.';
    const before = await count();
    for (const [named, pointer] of [
      [{}, ''],
      [{ key: 'ab'.repeat(32), address: '192.0.2.1' }, ''],
      [{ key: 'x'.repeat(64) }, '/key'],
      [{ key: 'a\u0000' }, '/key'],
      [{ address: '192.0.2' }, '/address'],
      [{ address: '2001:db8::1' }, '/address'],
      [{ address: '<script>' }, '/address'],
      [{ ban_id: '1' }, '/ban_id'],
    ] as const) {
      const { status, body } = await ask({ ...named, reason });
      expect([status, body.errors?.[0]?.pointer], JSON.stringify(named)).toEqual([422, pointer]);
    }
    for (const bad of ['', 'a\u0000b', 'a\u202eb', 'x'.repeat(501)]) {
      expect((await ask({ address: '192.0.2.1', reason: bad })).body.errors[0].pointer).toBe('/reason');
    }
    expect(await ask({ ban_id: randomUUID(), reason })).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await ask({ address: '192.0.2.1', reason: 'x'.repeat(1_048_576) })).status).toBe(413);
    expect(await count()).toBe(before);
  });

  test('believes nobody who writes down an address that no proxy of ours did: it is one author, who waits', async () => {
    const speak = (n: number) => {
      const address = `203.0.113.${n}`;
      const spoofed = {
        'x-forwarded-for': address,
        'cf-connecting-ip': address,
        'x-real-ip': address,
        forwarded: `for=${address}`,
      };
      return post(world.url(), `${path}/gallery/post`, null, QUESTION, spoofed);
    };
    expect((await speak(1)).status).toBe(201);
    expect(await speak(2)).toMatchObject({ status: 429, body: { code: 'cooldown' } });
  });
});
