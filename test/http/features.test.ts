/** Features that can be switched off: what they switch off, and what comes before and after that. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../src/modules.ts';
import { queries } from '../../src/queries.ts';
import { assignmentBody, type Cast, cast, get, must, openSession, post, send } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const PROXY = { TRUSTED_PROXIES: '127.0.0.1/32' };

describe.skipIf(isLeftOut)('with FEATURE_MOOT_OPERATIONS=false', () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack({ FEATURE_MOOT_OPERATIONS: 'false', RATE_LIMIT_READS_PER_MINUTE: '3', ...PROXY });
  });

  afterAll(() => stack.stop());

  const ofSessions = [...commands, ...queries].filter(({ route }) => / \/api\/session\b/.test(route));

  test.each(ofSessions.map(({ route, roles }) => [route, roles] as const))(
    '%s is switched off',
    async (route, roles) => {
      people = cast();
      const [method, path] = route.replaceAll(/:\w+/g, () => randomUUID()).split(' ') as [string, string];
      const off = { status: 403, body: { code: 'feature_disabled' } };
      expect(await send(stack.url, method, path, people.admin)).toMatchObject(off);
      // Refusals without a token are counted by address.
      const from = { 'x-forwarded-for': `10.${[1, 2, 3].map(() => randomInt(256)).join('.')}` };
      const anonymous = await send(stack.url, method, path, null, undefined, from);
      expect(anonymous).toMatchObject(roles === 'anyone' ? off : { status: 401, body: { code: 'unauthenticated' } });
      if (method === 'POST') expect(await send(stack.url, method, path, people.student, 'no JSON')).toMatchObject(off);
    },
  );

  test('that is said before the limit, and does not count', async () => {
    people = cast();
    for (let i = 0; i < 5; i++) {
      expect((await get(stack.url, '/api/session/active/list', people.admin)).body.code).toBe('feature_disabled');
    }
    for (let i = 0; i < 3; i++) expect((await get(stack.url, '/api/assignment/list', people.admin)).status).toBe(200);
    expect((await get(stack.url, '/api/assignment/list', people.admin)).status).toBe(429);
    expect((await get(stack.url, '/api/session/active/list', people.admin)).body.code).toBe('feature_disabled');
  });

  test('assignments go on', async () => {
    people = cast();
    const { result } = await must(post(stack.url, '/api/assignment/create', people.admin, assignmentBody(people)));
    const { warnings: _, ...created } = result;
    expect((await get(stack.url, `/api/assignment/${result.id}`, people.admin)).body).toEqual(created);
  });
});

describe.skipIf(isLeftOut).each(['true', 'false'])('with FEATURE_SESSION_RECORDING=%s', (flag) => {
  const recording_url = 'https://recordings.example/r/1?part=2';
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack({ FEATURE_SESSION_RECORDING: flag });
    people = cast();
  });

  afterAll(() => stack.stop());

  test(flag === 'true' ? 'a recording is named by session and event' : 'no recording is named', async () => {
    const { path, session_id } = await openSession(stack.url, people);
    const answer = await post(stack.url, `${path}/complete`, people.presiding, { recording_url });
    const { body } = await get(stack.url, path, people.admin);
    const { logs } = (await get(stack.url, `${path}/logs`, people.admin)).body;
    if (flag === 'true') {
      expect(answer).toMatchObject({ status: 200, body: { result: { recording_url, status: 'completed' } } });
      expect(body).toEqual(answer.body.result);
      expect(logs.at(-1)).toMatchObject({
        event_type: 'SESSION_COMPLETED',
        payload: { recording_url, event_count: 3 },
      });
    } else {
      expect(answer).toMatchObject({ status: 403, body: { code: 'feature_disabled' } });
      expect(body).toMatchObject({ recording_url: null, status: 'active' });
      await must(post(stack.url, `${path}/complete`, people.presiding));
    }
    await expectIntact(stack.url, session_id, people.admin);
  });

  test(flag === 'true' ? 'later recordings stand beside it, and the chain does not grow' : 'nor later', async () => {
    const { path, session_id, assignment_id } = await openSession(stack.url, people);
    const add = (body: unknown, who = people.presiding) => post(stack.url, `${path}/recording`, who, body);
    const list = () => get(stack.url, `${path}/recordings`, people.student);
    if (flag === 'false') {
      const off = { status: 403, body: { code: 'feature_disabled' } };
      expect(await add({ url: recording_url })).toMatchObject(off);
      expect(await add('no JSON', people.student)).toMatchObject(off);
      expect((await list()).body).toEqual({ items: [], next_cursor: null });
      return;
    }
    const { result } = await must(post(stack.url, `${path}/complete`, people.presiding, { recording_url }));
    const first = await must(add({ url: 'https://recordings.example/r/2', title: 'Camera 2' }));
    expect(first).toMatchObject({ stream: `assignment:${assignment_id}`, sequence_from: 2, sequence_to: 2 });
    const second = await must(add({ url: 'https://recordings.example/r/3' }, people.admin));
    expect((await add({ url: recording_url })).body.code).toBe('recording_exists');
    expect((await add({ url: 'https://recordings.example/r/2' })).body.code).toBe('recording_exists');
    expect((await list()).body).toEqual({ items: [first.result, second.result], next_cursor: null });
    const page = await must(get(stack.url, `${path}/recordings?limit=1`, people.admin));
    expect(page.items).toEqual([first.result]);
    const rest = await must(get(stack.url, `${path}/recordings?limit=1&cursor=${page.next_cursor}`, people.admin));
    expect(rest).toEqual({ items: [second.result], next_cursor: null });
    // As long as they may be, and of no pattern that an index could compress.
    const noise = randomBytes(1_600).toString('base64url');
    const longest = `https://recordings.example/${noise}`.slice(0, 2_048);
    expect(longest).toHaveLength(2_048);
    expect((await must(add({ url: longest }))).result.url).toBe(longest);
    expect((await must(get(stack.url, path, people.admin))).head).toEqual(result.head);
    await expectIntact(stack.url, session_id, people.admin);
  });
});
