/** Bad input on the gallery's routes: the exact refusal, and nothing of it stored; and what is odd, but in order. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Json, must, person, post } from '../support/client.ts';
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
  const count = async () =>
    (
      await stack.pool.query(
        'select (select count(*) from commands)::integer + (select count(*) from events)::integer as n',
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
});
