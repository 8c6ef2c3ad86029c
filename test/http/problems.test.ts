/** What every problem says beside its code: which request it answers, and where its code is explained. */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problems } from '../../src/modules.ts';
import { type Answer, assignmentBody, type Cast, cast, get, openSession, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const PUBLIC_URL = 'https://court.example/moot';

/** Of an answer that is no upgrade, asked for as one. */
async function refusedBody(url: string, headers: Record<string, string>): Promise<string> {
  const asked = request(url, { headers });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return text(answer);
}

describe.skipIf(isLeftOut)('a problem', () => {
  let stack: Stack;
  let people: Cast;
  let path: string;
  beforeAll(async () => {
    stack = await startStack({ PUBLIC_URL });
    people = cast();
    ({ path } = await openSession(stack.url, people));
  });
  afterAll(() => stack.stop());

  const asked = (headers: Record<string, string> = {}) => ({ 'x-request-id': randomUUID(), ...headers });

  function expectExplained({ status, headers, body }: Answer, code: string): void {
    expect({ status, ...body }).toMatchObject({
      ...{ status: problems[code]![0], code },
      ...{ type: `${PUBLIC_URL}/problem/${code}`, request_id: headers.get('x-request-id') },
    });
  }

  test('names its request and the page of its code, whatever refuses it', async () => {
    expectExplained(await get(stack.url, path, null, asked()), 'unauthenticated');
    expectExplained(await get(stack.url, '/nowhere', people.admin, asked()), 'not_found');
    expectExplained(await post(stack.url, '/api/assignment/create', people.student, {}, asked()), 'forbidden');
    expectExplained(await post(stack.url, '/api/assignment/create', people.admin, {}, asked()), 'validation_failed');
    expectExplained(await post(stack.url, path, people.admin, {}, asked()), 'method_not_allowed');
    expectExplained(await post(stack.url, `${path}/start`, people.presiding, {}, asked()), 'invalid_transition');
  });

  test('of a command is that of the request that sent it, for a repetition and for whoever looks later', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await post(stack.url, `${path}/start`, people.presiding, {}, asked(key));
    expectExplained(first, 'invalid_transition');
    const again = await post(stack.url, `${path}/start`, people.presiding, {}, asked(key));
    expect(again.body).toEqual(first.body);
    const { body } = await get(stack.url, `/api/command/${first.body.command_id}`, people.presiding, asked());
    expect(body.problem).toEqual(first.body);
  });

  test('names its page where a listener is refused too', async () => {
    const { pathname } = new URL(path, stack.url);
    const session_id = pathname.split('/').at(-1)!;
    const paths = [`/live/sse/${session_id}`, `/live/ws/${session_id}`, '/live/nowhere'];
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const types = await Promise.all(
      paths.map(async (at) => {
        const headers = at.includes('/sse/')
          ? {}
          : { ...upgrade, 'sec-websocket-key': randomBytes(16).toString('base64') };
        const body = JSON.parse(await refusedBody(stack.relayUrl + at, headers));
        return [body.code, body.type];
      }),
    );
    expect(types).toEqual([
      ['unauthenticated', `${PUBLIC_URL}/problem/unauthenticated`],
      ['unauthenticated', `${PUBLIC_URL}/problem/unauthenticated`],
      ['not_found', `${PUBLIC_URL}/problem/not_found`],
    ]);
  });

  test('says where the sockets are to whoever asks the API for one', async () => {
    const { status, body } = await get(stack.url, '/live/ws/018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12', people.admin);
    expect([status, body.code, body.detail]).toEqual([404, 'not_found', expect.stringMatching(/relay.*RELAY_PORT/)]);
  });

  test('has a page that says what is refused with its code', async () => {
    const page = await get(stack.url, '/problem/invalid_transition', null);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.body.text).toContain('answered with 409');
    expect(page.body.text).toContain('<code>POST /api/session/:session_id/start</code>');
    expect(page.body.text).toContain(`<strong>What to do:</strong> Look at the session's <code>status</code> first.`);
    const known = await get(stack.url, '/problem/not_found', null);
    expect(known.body.text).not.toMatch(/<(id|token)>|`/);
    const list = (await get(stack.url, '/problem', null)).body.text;
    for (const code of Object.keys(problems)) {
      expect([code, list.includes(`href="problem/${code}"`)]).toEqual([code, true]);
      expect([code, (await get(stack.url, `/problem/${code}`, null)).status]).toEqual([code, 200]);
    }
    expectExplained(await get(stack.url, '/problem/no_luck', null), 'not_found');
  });

  test('speaks the language of the court where a body is wrong', async () => {
    const body = assignmentBody(people, {
      format: 'moot20',
      scheduled_at: '1 March 2027',
      panel: [],
      visibility: 'open',
    });
    const { errors } = (await post(stack.url, '/api/assignment/create', people.admin, body)).body;
    const said = Object.fromEntries(errors.map(({ pointer, detail }: { [key: string]: string }) => [pointer, detail]));
    expect(said).toEqual({
      '/format': 'must be one of moot-20, ncfca, jessup-45, mock-trial-tba, amta; did you mean moot-20?',
      '/scheduled_at': expect.stringContaining('2027-03-01T12:00:00Z'),
      '/panel': 'must have at least 1 of them',
      '/visibility': 'must be one of private, institution, public',
    });
    const { body: refused } = await post(stack.url, `${path}/turn/start`, people.presiding, {
      turn_id: 'undefined',
      speaker_id: people.petitioner.id,
    });
    expect(refused.detail).toBe('/turn_id: must be a uuid, such as 018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12.');
  });

  test('is spared who is told by an empty list what is missing', async () => {
    const waiting = await openSession(stack.url, people, { start: false });
    const turns = async (of: string) => (await get(stack.url, `${of}/turns`, people.admin)).body;
    expect(await turns(waiting.path)).toEqual({
      ...{ format: null, items: [], next_cursor: null },
      hint: 'Start the session first: that plans the turns of its format.',
    });
    expect(await turns(path)).not.toHaveProperty('hint');
  });
});
