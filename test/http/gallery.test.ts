/** The gallery over HTTP: who sees what of it, person by person, and what is said of it in public. */
import canonicalize from 'canonicalize';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/core/chain/sha256.ts';
import { type Answer, get, type Json, must, type Person, person, post } from '../support/client.ts';
import { NAMES, openWorld, type World } from '../support/everybody.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const QUESTION = { text: 'Does the <b>treaty</b> bind the harbour?', category: 'question' };
/** Bench, counsel and all others of the roster. */
const ROSTER = ['presiding', 'guestJudge', 'bailiff', 'petitioner', 'guest'];

describe.skipIf(isLeftOut)('the gallery', () => {
  let stack: Stack;
  let world: World;
  /** Somebody new: between two posts of one person lies a minute. */
  const spectator = (claims = {}) => person('participant', { institution_id: world.people.institution_id, claims });
  const root = person('super_admin');

  beforeAll(async () => {
    stack = await startStack();
    world = openWorld(stack);
  });

  afterAll(() => stack.stop());

  const say = async (path: string, who: Person, body: Json = QUESTION) =>
    (await must(post(world.url(), `${path}/gallery/post`, who, body))).result;
  const list = (path: string, who: Person | null, asked = '') => get(world.url(), `${path}/gallery${asked}`, who);
  const texts = ({ body }: Answer) => body.items.map(({ text }: Json) => text);

  /** An assignment of its own and a session on which these verbs were done. */
  async function open(changes: Json, ...verbs: string[]): Promise<string> {
    const { admin } = world.people;
    const { session_id, assignment_id } = await world.open('public');
    await must(post(world.url(), `/api/assignment/${assignment_id}/update`, admin, changes));
    const path = `/api/session/${session_id}`;
    for (const verb of verbs) await must(post(world.url(), `${path}/${verb}`, admin));
    return path;
  }

  test('what is said is cleaned, answered with 201 and the message, and read by all in the order in which it was said', async () => {
    const path = await open({ gallery: 'breaks' });
    const ada = spectator({ name: 'Ada Petrova' });
    const answer = await post(world.url(), `${path}/gallery/post`, ada, QUESTION);
    expect(answer).toMatchObject({ status: 201, body: { status: 'applied' } });
    const message = {
      ...{
        id: answer.body.command_id,
        author: 'Ada Petrova',
        category: 'question',
        text: 'Does the treaty bind the harbour?',
      },
      ...{ posted_at: expect.any(String), votes: 0, answered: false, state: 'shown' },
    };
    expect(answer.body.result).toEqual(message);
    await say(path, spectator(), { text: 'The court is cold.', category: 'comment' });
    const { body } = await list(path, null);
    expect(body).toMatchObject({ items: [message, { author: 'Spectator 2', category: 'comment' }], next_cursor: null });
    await expectIntact(world.url(), path.split('/').at(-1)!, world.people.admin);
  });

  test('its list comes in pages, and its questions by their votes', async () => {
    const path = await open({ gallery: 'breaks' });
    const { outsideJudge } = world.people;
    const asked = [await say(path, spectator()), await say(path, spectator(), { ...QUESTION, text: 'Why not?' })];
    await say(path, spectator(), { text: 'The court is cold.', category: 'comment' });
    const first = await list(path, null, '?limit=2');
    expect([texts(first), first.body.next_cursor]).toEqual([expect.any(Array), asked[1].id]);
    const rest = await list(path, null, `?limit=2&after=${first.body.next_cursor}`);
    expect([texts(rest), rest.body.next_cursor]).toEqual([['The court is cold.'], null]);
    const vote = (who: Person) => post(world.url(), `${path}/gallery/vote`, who, { message_id: asked[1].id });
    expect(await vote(outsideJudge)).toMatchObject({ status: 200, body: { result: { votes: 1 } } });
    expect(await vote(outsideJudge)).toMatchObject({ status: 409, body: { code: 'already_voted' } });
    const ranked = await list(path, null, '?sort=votes');
    expect(ranked.body.items.map(({ id, votes }: Json) => [id, votes])).toEqual([
      [asked[1].id, 1],
      [asked[0].id, 0],
    ]);
    const second = await list(path, null, `?sort=votes&after=${asked[1].id}`);
    expect(second.body.items.map(({ id }: Json) => id)).toEqual([asked[0].id]);
    const nowhere = await list(path, null, `?after=${world.people.institution_id}`);
    expect(nowhere).toMatchObject({ status: 422, body: { errors: [{ pointer: '/after' }] } });
  });

  test('while the session is active, nobody on its roster sees anything of it, in the break all do', async () => {
    const path = await open({ gallery: 'always' }, 'start');
    const { id: message_id } = await say(path, spectator());
    const session_id = path.split('/').at(-1);
    const reads = [
      `${path}/gallery`,
      `/api/gallery/cooldown?session_id=${session_id}`,
      `/messages?session_id=${session_id}`,
    ];
    const verbs = ['vote', 'report', 'withdraw'].map((verb) => [verb, { message_id }] as const);
    for (const name of NAMES) {
      const who = world.everybody[name]!;
      const expected = name === 'nobody' ? 401 : ROSTER.includes(name) ? 404 : 200;
      const answers = await Promise.all(reads.map((read) => get(world.url(), read, who)));
      if (expected !== 200) {
        for (const [verb, body] of [['post', QUESTION] as const, ...verbs]) {
          answers.push(await post(world.url(), `${path}/gallery/${verb}`, who, body));
        }
      }
      expect({ name, statuses: answers.map(({ status }) => status) }).toEqual({
        name,
        statuses: answers.map(() => expected),
      });
    }
    const moderation = [
      ...['approve', 'hide', 'restore', 'answer'].map((verb) => [verb, { message_id }] as const),
      ['ban', { message_id, reason: 'Loud.' }] as const,
      ...['open', 'close'].map((verb) => [verb, {}] as const),
      ['slow', { seconds: 90 }] as const,
    ];
    for (const name of ROSTER) {
      const who = world.everybody[name]!;
      const answers = [await get(world.url(), `${path}/gallery/held`, who)];
      answers.push(await get(world.url(), `${path}/gallery/export`, who));
      for (const [verb, body] of moderation) {
        answers.push(await post(world.url(), `${path}/gallery/${verb}`, who, body));
      }
      const expected = answers.map(() => [404, 'not_found']);
      expect({ name, answers: answers.map(({ status, body }) => [status, body.code]) }).toEqual({
        name,
        answers: expected,
      });
    }
    await must(post(world.url(), `${path}/pause`, world.people.admin));
    for (const name of NAMES) expect((await list(path, world.everybody[name]!)).status).toBe(200);
  });

  test('where it is off or closed nothing is said, and nothing of the request is stored', async () => {
    const off = await open({ gallery: 'off' });
    const closed = await open({ gallery: 'breaks' }, 'start');
    const count = `select count(*)::integer as n from commands where name = 'gallery.post'`;
    const { n } = (await stack.pool.query(count)).rows[0];
    for (const path of [off, closed]) {
      const answer = await post(world.url(), `${path}/gallery/post`, root, QUESTION);
      expect(answer).toMatchObject({ status: 409, body: { code: 'gallery_closed' } });
    }
    expect(await list(off, root)).toMatchObject({ status: 409, body: { code: 'gallery_closed' } });
    expect((await stack.pool.query(count)).rows).toEqual([{ n }]);
  });

  test('a text that is refused is no command, and the answer names the rule', async () => {
    const path = await open({ gallery: 'breaks' });
    const answer = await post(world.url(), `${path}/gallery/post`, root, {
      ...QUESTION,
      text: 'WHY IS THAT SO, COURT?',
    });
    expect(answer).toMatchObject({ status: 422, body: { code: 'refused_text', rule: 'capitals' } });
    const { rows } = await stack.pool.query(`select from commands where name = 'gallery.post' and status <> 'applied'`);
    expect(rows).toEqual([]);
  });

  test('the same request under its key is answered again, whatever stands against it since', async () => {
    const path = await open({ gallery: 'breaks' });
    const who = spectator();
    const ask = () => post(world.url(), `${path}/gallery/post`, who, QUESTION, { 'idempotency-key': path });
    const first = await ask();
    expect(first.status).toBe(201);
    await must(post(world.url(), `${path}/start`, world.people.admin));
    expect((await ask()).body).toEqual(first.body);
  });

  test('what waits for a moderator its author sees, and nobody else', async () => {
    const path = await open({ gallery: 'breaks', gallery_moderation: 'before' });
    const who = spectator();
    expect(await say(path, who)).toMatchObject({ state: 'held' });
    expect(texts(await list(path, who))).toHaveLength(1);
    for (const other of [null, root, world.people.outsideJudge]) expect(texts(await list(path, other))).toEqual([]);
  });

  test('visitors without a token speak where it is public, each under a name of their own, and see their own', async () => {
    const path = await open({ gallery: 'breaks', gallery_moderation: 'before' });
    const as = (browser: string) => ({ 'x-browser-fingerprint': browser });
    const said = await post(world.url(), `${path}/gallery/post`, null, QUESTION, as('one'));
    expect(said).toMatchObject({ status: 201, body: { result: { author: 'Spectator 1', state: 'held' } } });
    const seen = async (browser: string) => texts(await get(world.url(), `${path}/gallery`, null, as(browser)));
    expect([await seen('one'), await seen('two')]).toEqual([[said.body.result.text], []]);
    const { rows } = await stack.pool.query('select author from gallery_messages where id = $1', [said.body.result.id]);
    expect(rows[0].author).toMatch(/^guest:[0-9a-f]{16}$/);
    await must(post(world.url(), `${path}/gallery/approve`, world.people.bailiff, { message_id: said.body.result.id }));
    expect(await seen('two')).toEqual([said.body.result.text]);
  });

  test('hosts see what waits for them with what was said against it, and all of it; others do not', async () => {
    const path = await open({ gallery: 'breaks', gallery_moderation: 'before' });
    const { id: message_id } = await say(path, spectator());
    const { bailiff, presiding, admin, outsideJudge, student } = world.people;
    const held = (who: Person) => get(world.url(), `${path}/gallery/held`, who);
    for (const host of [bailiff, presiding, admin, root]) {
      const { body } = await held(host);
      expect(body.items).toMatchObject([{ id: message_id, state: 'held', shadowed: false, reports: [] }]);
    }
    expect(await held(outsideJudge)).toMatchObject({ status: 403, body: { code: 'not_host' } });
    expect(await held(student)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    await must(post(world.url(), `${path}/gallery/approve`, bailiff, { message_id }));
    expect((await held(bailiff)).body.items).toEqual([]);
    for (const reason of ['Rude.', 'Unkind.', 'Loud.']) {
      await must(post(world.url(), `${path}/gallery/report`, spectator(), { message_id, reason }));
    }
    const { body } = await held(bailiff);
    expect(body.items).toMatchObject([{ id: message_id, state: 'shown', shadowed: true }]);
    expect(body.items[0].reports.map(({ reason }: Json) => reason)).toEqual(['Rude.', 'Unkind.', 'Loud.']);
    expect(texts(await list(path, null))).toEqual([]);
    await must(post(world.url(), `${path}/gallery/restore`, bailiff, { message_id, reason: 'A joke.' }));
    expect(texts(await list(path, null))).toHaveLength(1);
    const { body: all } = await get(world.url(), `${path}/gallery/export`, admin);
    expect(all).toMatchObject({ items: [{ id: message_id, state: 'shown', shadowed: false }], next_cursor: null });
  });

  test('the cooldown is told without being begun', async () => {
    const path = await open({ gallery: 'breaks' });
    const session_id = path.split('/').at(-1);
    const who = spectator();
    const ask = (query = `?session_id=${session_id}`) => get(world.url(), `/api/gallery/cooldown${query}`, who);
    for (const _ of [1, 2]) expect((await ask()).body).toEqual({ can_post: true, remaining_seconds: 0 });
    await say(path, who);
    const { body } = await ask();
    expect(body).toMatchObject({ can_post: false, remaining_seconds: expect.any(Number) });
    expect(body.remaining_seconds).toBeGreaterThan(0);
    expect(await post(world.url(), `${path}/gallery/post`, who, QUESTION)).toMatchObject({
      ...{ status: 429, body: { code: 'cooldown' } },
    });
    expect(await ask(`?session_id=${world.people.institution_id}`)).toMatchObject({ status: 404 });
  });

  test('the chat server’s paths lead to the same gallery, and to the last public one where none is named', async () => {
    const path = await open({ gallery: 'breaks' }, 'start', 'pause');
    const session_id = path.split('/').at(-1);
    const said = await post(world.url(), '/messages', spectator(), QUESTION);
    expect(said).toMatchObject({ status: 201, body: { stream: `gallery:${session_id}` } });
    const message_id = said.body.result.id;
    for (const query of ['', `?session_id=${session_id}`]) {
      expect((await get(world.url(), `/messages${query}`, null)).body.items).toMatchObject([{ id: message_id }]);
    }
    const reporting = { message_id, reason: 'Rude.', reported_browser_id: 'abc' };
    expect(await post(world.url(), `/api/report?session_id=${session_id}`, spectator(), reporting)).toMatchObject({
      ...{ status: 200, body: { result: { id: message_id } } },
    });
    expect((await get(world.url(), '/api/cooldown', spectator())).body).toEqual({
      can_post: true,
      remaining_seconds: 0,
    });
  });

  test('what the inbox keeps of it, once it has its outcome, are ids and a hash of the request', async () => {
    const path = await open({ gallery: 'breaks' });
    const ask = { ...QUESTION, text: 'Is this kept?' };
    const [one, other] = [await say(path, spectator({ name: 'Noor Haddad' }), ask), await say(path, spectator(), ask)];
    const text = `select input, outcome, encode(fingerprint, 'hex') as fingerprint from commands where id = any($1)`;
    const { rows } = await stack.pool.query(text, [[one.id, other.id]]);
    for (const { input, fingerprint } of rows) {
      expect(input).toEqual({ session_id: path.split('/').at(-1) });
      expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
      // Of the same request it is the same, and nobody guesses the text from it.
      expect(fingerprint).toBe(rows[0].fingerprint);
      expect(fingerprint).not.toBe(sha256(`POST ${path}/gallery/post\n${canonicalize(ask)}`));
    }
    expect(JSON.stringify(rows)).not.toMatch(/Is this kept|Noor Haddad/);
  });

  test('an admin on the roster sees no figure and no ban of a gallery while the session is active, in the break all', async () => {
    const path = await open({ gallery: 'always' }, 'start');
    const [session_id, { institution_id }] = [path.split('/').at(-1)!, world.people];
    const seated = person('admin', { institution_id });
    const { rows } = await stack.pool.query('select assignment_id from courtroom_sessions where id = $1', [session_id]);
    const seating = { user_id: world.people.bailiff.id, replacement: { user_id: seated.id, name: 'An admin' } };
    await must(post(world.url(), `/api/assignment/${rows[0].assignment_id}/substitute`, world.people.admin, seating));
    const said = await say(path, spectator());
    await must(list(path, spectator()));
    const banning = { message_id: said.id, reason: 'Loud in the gallery.' };
    await must(post(world.url(), `${path}/gallery/ban`, world.people.admin, banning));
    const read = async (who: Person, what: string) => (await must(get(world.url(), what, who))).items as Json[];
    const banOf = async (who: Person) =>
      (await read(who, '/api/guard/bans')).find(({ reason }) => reason === banning.reason);
    const figuresOf = async (who: Person) =>
      (await read(who, '/api/gallery/stats/sessions')).find((one) => one.session_id === session_id);
    const said_today = async (who: Person) => (await must(get(world.url(), '/api/gallery/stats/daily', who))).messages;
    const wait = { timeout: 25_000 };
    await expect.poll(() => banOf(world.people.admin), wait).toBeDefined();
    await expect.poll(() => figuresOf(world.people.admin), wait).toBeDefined();
    expect([await banOf(seated), await figuresOf(seated)]).toEqual([undefined, undefined]);
    expect(await said_today(seated)).toBeLessThan(await said_today(world.people.admin));
    const { id: ban_id } = (await banOf(world.people.admin))!;
    const lifting = { ban_id, reason: 'Not for me to say.' };
    const blocking = { address: '198.51.100.9', reason: 'Not for me to say, either.' };
    const statusesOf = async (who: Person) => [
      (await get(world.url(), `/api/command/${said.id}`, who)).status,
      (await post(world.url(), '/api/guard/ban', who, blocking)).status,
      (await post(world.url(), '/api/guard/confirm', who, { address: blocking.address, reason: 'Seen.' })).status,
      (await post(world.url(), '/api/guard/unban', who, { address: blocking.address, reason: 'Seen.' })).status,
    ];
    expect(await post(world.url(), '/api/guard/unban', seated, lifting)).toMatchObject({ status: 404 });
    expect(await statusesOf(seated)).toEqual([404, 404, 404, 404]);
    expect(await statusesOf(world.people.admin)).toEqual([200, 200, 200, 200]);
    await must(post(world.url(), `${path}/pause`, world.people.admin));
    expect(await statusesOf(seated)).toEqual([200, 200, 200, 200]);
    expect(await figuresOf(seated)).toMatchObject({ messages: 1 });
    expect(await banOf(seated)).toMatchObject({ id: ban_id });
    expect(await said_today(seated)).toBe(await said_today(world.people.admin));
  });

  test('a super_admin on the roster sees neither its commands nor its doorbells while the session is active', async () => {
    const path = await open({ gallery: 'always' }, 'start');
    const [seated, other] = [person('super_admin'), person('super_admin')];
    const { rows } = await stack.pool.query('select assignment_id from courtroom_sessions where id = $1', [
      path.split('/').at(-1),
    ]);
    const seating = { user_id: world.people.bailiff.id, replacement: { user_id: seated.id, name: 'An operator' } };
    await must(post(world.url(), `/api/assignment/${rows[0].assignment_id}/substitute`, world.people.admin, seating));
    const said = await say(path, spectator());
    const statusesOf = async (who: Person) => {
      const pages = [`/api/command/${said.id}`, `/jobs/command/${said.id}`, '/jobs/', '/jobs/api/queues'];
      return Promise.all(pages.map(async (page) => (await get(world.url(), page, who)).status));
    };
    expect(await statusesOf(seated)).toEqual([404, 404, 404, 404]);
    expect(await statusesOf(other)).toEqual([200, 200, 200, 200]);
    await must(post(world.url(), `${path}/pause`, world.people.admin));
    expect(await statusesOf(seated)).toEqual([200, 200, 200, 200]);
  });

  test('admins see how many read it, by hashes that lead back to nobody; others do not', async () => {
    const path = await open({ gallery: 'breaks' });
    const session_id = path.split('/').at(-1)!;
    const readers = [spectator(), spectator()];
    for (const who of [...readers, readers[0]!]) await must(list(path, who));
    const { admin, student } = world.people;
    const stats = (name: string, who: Person) => get(world.url(), `/api/gallery/stats/${name}`, who);
    const own = async () =>
      (await must(stats('sessions', admin))).items.find((item: Json) => item.session_id === session_id);
    await expect.poll(own, { timeout: 25_000 }).toMatchObject({ unique_visitors: 2, views: 3, messages: 0 });
    const day = await must(stats('daily', admin));
    expect(day.unique_visitors).toBeGreaterThanOrEqual(2);
    expect(await stats('daily', student)).toMatchObject({ status: 403 });
    const { rows } = await stack.pool.query('select visitor from gallery_visits where session_id = $1', [session_id]);
    for (const { visitor } of rows) expect(visitor).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(rows)).not.toContain(readers[0]!.id);
  });
});
