/** Idempotency keys: the same request again is the same outcome again, wherever and whenever it arrives. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, assignmentBody, type Cast, cast, openSession, type Person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)('an idempotency key', () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };
  let key: string;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });

  afterAll(() => stack.stop());

  beforeEach(async () => {
    session = await openSession(stack.url, people, { visibility: 'public', start: false });
    key = randomUUID();
  });

  afterEach(() => expectIntact(stack.url, session.session_id, people.admin));

  let asked = 0;
  const url = () => stack.apis[asked++ % stack.apis.length]!;
  const keyed = (verb: string, who: Person | null = people.admin, body?: unknown, as = key) =>
    post(url(), `${session.path}/${verb}`, who, body, { 'idempotency-key': as });
  const note = (n: number) => ({ event_type: 'NOTE', details: { n } });
  const isReplay = ({ headers }: Answer) => headers.get('idempotent-replayed') === 'true';

  async function countCommands(name: string): Promise<number> {
    const { rows } = await stack.pool.query(
      'select count(*)::integer as n from commands where stream = $1 and name = $2',
      [`session:${session.session_id}`, name],
    );
    return rows[0].n;
  }

  test('sent again with the same request answers the first outcome again, and says so', async () => {
    const first = await keyed('start');
    const second = await keyed('start');
    expect([first.status, isReplay(first)]).toEqual([200, false]);
    expect([second.status, isReplay(second)]).toEqual([200, true]);
    expect(second.body).toEqual(first.body);
    expect(await countCommands('session.start')).toBe(1);
  });

  test('replays rejections too', async () => {
    const first = await keyed('pause');
    await post(url(), `${session.path}/start`, people.admin);
    const second = await keyed('pause');
    expect(first).toMatchObject({ status: 409, body: { code: 'invalid_transition', from: 'pending', to: 'paused' } });
    expect([second.status, isReplay(second), second.body]).toEqual([409, true, first.body]);
  });

  test('replays what made a resource with its status and place', async () => {
    const create = () =>
      post(url(), '/api/assignment/create', people.admin, assignmentBody(people), { 'idempotency-key': key });
    const [first, second] = [await create(), await create()];
    expect([first.status, second.status, isReplay(second)]).toEqual([201, 201, true]);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(second.headers.get('location')).toBe(`/api/assignment/${first.body.result.id}`);
    expect(second.body).toEqual(first.body);
  });

  test('makes requests that are under way at once wait together for one command', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => keyed('log', people.admin, note(1))));
    expect(new Set(answers.map(({ body }) => body.command_id)).size).toBe(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers.filter((answer) => !isReplay(answer))).toHaveLength(1);
    expect(await countCommands('session.log')).toBe(1);
  });

  test('is not for another request: another body, or another path with the same body', async () => {
    await keyed('log', people.admin, note(1));
    await keyed('start', people.admin, undefined, `${key}-start`);
    const others = [
      keyed('log', people.admin, note(2)),
      keyed('start'),
      keyed('pause', people.admin, undefined, `${key}-start`),
    ];
    for (const answer of await Promise.all(others)) {
      expect(answer).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    }
    expect(await countCommands('session.start')).toBe(1);
    expect(await countCommands('session.pause')).toBe(0);
  });

  test('is for the same request however its JSON was written', async () => {
    const first = await keyed('log', people.admin, '{"event_type":"NOTE","details":{"a":1,"b":[2]}}');
    const second = await keyed('log', people.admin, '{ "details": {"b":[2.0], "a":1e0},\n "event_type":"NOTE" }');
    expect(second.body).toEqual(first.body);
    const started = await keyed('start', people.admin, undefined, `${key}-start`);
    expect((await keyed('start', people.admin, {}, `${key}-start`)).body).toEqual(started.body);
  });

  test('is the same with quotes and without', async () => {
    const first = await keyed('start', people.admin, undefined, key);
    const second = await keyed('start', people.admin, undefined, `"${key}"`);
    expect([isReplay(second), second.body]).toEqual([true, first.body]);
  });

  test('belongs to who sent it', async () => {
    const [one, other] = [await keyed('log', people.admin, note(1)), await keyed('log', people.presiding, note(2))];
    expect([one.status, other.status]).toEqual([200, 200]);
    expect(one.body.command_id).not.toBe(other.body.command_id);
  });

  test('of somebody without a token belongs to the address', async () => {
    const first = await keyed('observe', null);
    const second = await keyed('observe', null);
    expect(first.status).toBe(201);
    expect([second.status, isReplay(second), second.body.result.id]).toEqual([201, true, first.body.result.id]);
    expect(second.body.result.ticket).toEqual(expect.any(String));
    const leave = `observe/${first.body.result.id}/leave`;
    const [left, again] = [
      await keyed(leave, null, undefined, `${key}-2`),
      await keyed(leave, null, undefined, `${key}-2`),
    ];
    expect([left.status, again.status, isReplay(again)]).toEqual([200, 200, true]);
  });

  test('is not spent by a refusal at the door', async () => {
    expect((await keyed('log', people.admin, { event_type: 'note', details: {} })).status).toBe(422);
    expect((await keyed('log', people.student, note(1))).status).toBe(403);
    const answer = await keyed('log', people.admin, note(1));
    expect([answer.status, isReplay(answer)]).toEqual([200, false]);
  });

  test('is remembered for a command that is answered 202', async () => {
    const headers = { 'idempotency-key': key, prefer: 'respond-async' };
    const first = await post(url(), `${session.path}/start`, people.admin, undefined, headers);
    expect(first.status).toBe(202);
    const second = await keyed('start');
    expect([second.status, isReplay(second), second.body.command_id]).toEqual([200, true, first.body.command_id]);
  });

  test.each(['', ' ', 'two words', 'x'.repeat(256), '"', '""', '"half', 'in"side', 'gr\u00fc\u00dfe'])(
    'that is %j is refused',
    async (text) => {
      const answer = await keyed('start', people.admin, undefined, text);
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/Idempotency-Key' }] } });
    },
  );

  test('may have 255 characters of any visible kind', async () => {
    const longest = `${key}!#~'`.padEnd(255, 'x');
    expect((await keyed('start', people.admin, undefined, longest)).status).toBe(200);
    expect(isReplay(await keyed('start', people.admin, undefined, longest))).toBe(true);
  });
});
