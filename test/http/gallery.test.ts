/** The gallery over HTTP: who sees what of it, person by person, and what is said of it in public. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  const root = person('super_admin', { claims: { name: 'Ada Root' } });

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
    const answer = await post(world.url(), `${path}/gallery/post`, root, QUESTION);
    expect(answer).toMatchObject({ status: 201, body: { status: 'applied' } });
    const message = {
      ...{
        id: answer.body.command_id,
        author: 'Ada Root',
        category: 'question',
        text: 'Does the treaty bind the harbour?',
      },
      ...{ posted_at: expect.any(String), votes: 0, answered: false, state: 'shown' },
    };
    expect(answer.body.result).toEqual(message);
    await say(path, world.people.student, { text: 'The court is cold.', category: 'comment' });
    const { body } = await list(path, null);
    expect(body).toMatchObject({ items: [message, { author: 'Spectator 2', category: 'comment' }], next_cursor: null });
    await expectIntact(world.url(), path.split('/').at(-1)!, world.people.admin);
  });

  test('its list comes in pages, and its questions by their votes', async () => {
    const path = await open({ gallery: 'breaks' });
    const { student, outsideJudge } = world.people;
    const asked = [await say(path, root), await say(path, student, { ...QUESTION, text: 'Why not?' })];
    await say(path, outsideJudge, { text: 'The court is cold.', category: 'comment' });
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
    const { id: message_id } = await say(path, root);
    const routes: ((who: Person | null) => Promise<Answer>)[] = [
      (who) => list(path, who),
      (who) => post(world.url(), `${path}/gallery/post`, who, QUESTION),
      ...['vote', 'report', 'withdraw'].map(
        (verb) => (who: Person | null) => post(world.url(), `${path}/gallery/${verb}`, who, { message_id }),
      ),
    ];
    for (const name of NAMES) {
      for (const route of routes) {
        const { status } = await route(world.everybody[name]!);
        const expected = name === 'nobody' ? 401 : ROSTER.includes(name) ? 404 : expect.toBeOneOf([200, 201, 403]);
        expect({ name, status }).toEqual({ name, status: expected });
      }
    }
    await must(post(world.url(), `${path}/pause`, world.people.admin));
    for (const name of NAMES) expect((await list(path, world.everybody[name]!)).status).toBe(200);
  });

  test('where it is off or closed nothing is said, and nothing of the request is stored', async () => {
    const off = await open({ gallery: 'off' });
    const closed = await open({ gallery: 'breaks' }, 'start');
    const count = 'select count(*)::integer as n from commands';
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
    const ask = () => post(world.url(), `${path}/gallery/post`, root, QUESTION, { 'idempotency-key': path });
    const first = await ask();
    expect(first.status).toBe(201);
    await must(post(world.url(), `${path}/start`, world.people.admin));
    expect((await ask()).body).toEqual(first.body);
  });

  test('what waits for a moderator its author sees, and nobody else', async () => {
    const path = await open({ gallery: 'breaks', gallery_moderation: 'before' });
    expect(await say(path, world.people.student)).toMatchObject({ state: 'held' });
    expect(texts(await list(path, world.people.student))).toHaveLength(1);
    for (const other of [null, root, world.people.outsideJudge]) expect(texts(await list(path, other))).toEqual([]);
  });
});
