/** Tokens that are not good, at the door of every route. Whatever is wrong with them, the answer is the same. */
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { routes } from '../../src/http/routes.ts';
import { signToken } from '../../src/infra/tokens.ts';
import { commands } from '../../src/modules.ts';
import { queries } from '../../src/queries.ts';
import { type Cast, cast, get, must, openSession, post, send } from '../support/client.ts';
import { isLeftOut, SECRET, type Stack, startStack } from '../support/stack.ts';

const ROUTES = [...commands, ...queries, ...routes, { route: 'GET /jobs' }].map(({ route }) => route);

/** What becomes of a request without a token where the session is public and active; all else is read, or 401. */
const WITHOUT_TOKEN: Record<string, number> = {
  'POST /api/session/:session_id/observe': 201,
  // The observation is an invented one.
  'POST /api/session/:session_id/observe/:observation_id/leave': 404,
  // While the session is active its gallery is for people who are known.
  'GET /api/session/:session_id/gallery': 401,
  // Of links the secret is an invented one.
  'GET /api/board/:board_id/open/:secret': 401,
  'POST /api/board/:board_id/open/:secret': 401,
  'GET /api/person/:user_id/calendar.ics': 401,
  // Without a session they mean the last open gallery, and there is none.
  'GET /api/gallery/cooldown': 401,
  'GET /api/cooldown': 401,
  'GET /messages': 401,
  'POST /messages': 401,
  'POST /api/report': 401,
  // Galleries of public sessions are for everybody, and these bodies say nothing, or of no message.
  'POST /api/session/:session_id/gallery/post': 422,
  'POST /api/session/:session_id/gallery/vote': 422,
  'POST /api/session/:session_id/gallery/report': 422,
  'POST /api/session/:session_id/gallery/withdraw': 422,
  // A link that opens nothing.
  'POST /api/invite/:secret': 401,
  'GET /api/invite/:secret': 401,
};

const now = () => Math.floor(Date.now() / 1_000);
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe.skipIf(isLeftOut)('a request', () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };
  let bad: { [why: string]: string };

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    session = await openSession(stack.url, people, { visibility: 'public' });
    const { institution_id } = people;
    const claims = { sub: people.admin.id, role: 'admin', institution_id, exp: now() + 600 };
    const bearer = (changes: object, secret = SECRET) =>
      `Bearer ${signToken(JSON.parse(JSON.stringify({ ...claims, ...changes })), secret)}`;
    const { ticket } = (await must(post(stack.url, `${session.path}/observe`, people.student))).result;
    bad = {
      'of which nothing is a token': 'Bearer nonsense',
      'with another scheme': `Basic ${Buffer.from('admin:admin').toString('base64')}`,
      'with an empty header': 'Bearer ',
      'with a token that has ended': bearer({ exp: now() - 60 }),
      'with a token without an end': bearer({ exp: undefined }),
      'with a token that is unsigned': `Bearer ${base64({ alg: 'none', typ: 'JWT' })}.${base64(claims)}.`,
      'with a token that another secret signed': bearer({}, 'another secret, which is just as long as the good one'),
      'with a role that there is not': bearer({ role: 'root' }),
      'with the role of an observer': bearer({ role: 'observer', session_id: session.session_id }),
      'without an institution': bearer({ institution_id: undefined }),
      'with a user that is no uuid': bearer({ sub: 'admin' }),
      'with an observer ticket': `Bearer ${ticket}`,
    };
  });

  afterAll(() => stack.stop());

  const call = async (route: string, headers: Record<string, string>) => {
    const [method, path] = route
      .replace(':session_id', session.session_id)
      .replaceAll(/:\w+/g, () => randomUUID())
      .split(' ');
    return send(stack.url, method!, path!, null, undefined, headers);
  };

  test.each(ROUTES)('to %s is let in with no bad token', async (route) => {
    for (const [why, authorization] of Object.entries(bad)) {
      const { status, headers, body } = await call(route, { authorization });
      expect({ why, status, code: body.code }).toEqual({ why, status: 401, code: 'unauthenticated' });
      expect(headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  test('with a bad token has it verified once, whatever stands before what it asks for', async () => {
    const verify = vi.spyOn(jwt, 'verify');
    onTestFinished(() => verify.mockRestore());
    const authorization = bad['with a token that another secret signed']!;
    expect((await call('POST /api/session/:session_id/start', { authorization })).status).toBe(401);
    expect(verify.mock.calls.filter(([token]) => authorization === `Bearer ${token}`)).toHaveLength(1);
  });

  test('without a token may only read what is public of a public session, observe, and leave again', async () => {
    const readable = [...queries, ...routes]
      .filter(({ roles }) => roles === 'anyone')
      .map(({ route }) => route as string);
    // The log's own pages are for anybody, and say nothing of any session: test/http/proofs.test.ts.
    const ofSessions = ROUTES.filter((route) => !(readable.includes(route) && route.includes(' /integrity/')));
    for (const route of ofSessions) {
      const { status } = await call(route, {});
      // Of an exhibit the id is invented.
      const isRead = readable.includes(route) && !route.includes('/exhibit/');
      const expected = WITHOUT_TOKEN[route] ?? (isRead ? 200 : 401);
      expect({ route, status }).toEqual({ route, status: expected });
    }
    const { result } = await must(post(stack.url, `${session.path}/observe`, null));
    expect((await post(stack.url, `${session.path}/observe/${result.id}/leave`, null)).status).toBe(200);
  });

  test('is known by its token and nothing else', async () => {
    const headers = {
      'x-user-id': people.admin.id,
      'x-role': 'super_admin',
      'x-institution-id': people.institution_id,
    };
    expect((await get(stack.url, `${session.path}/violations`, null, headers)).status).toBe(401);
    expect((await post(stack.url, `${session.path}/pause`, people.student, undefined, headers)).status).toBe(403);
  });

  test('may write Bearer as it likes', async () => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
      const headers = { authorization: `${scheme} ${people.admin.token}` };
      expect((await get(stack.url, session.path, null, headers)).status).toBe(200);
    }
  });

  test('bears an id, which its answer repeats where it is harmless', async () => {
    const idOf = async (given: string) =>
      (await get(stack.url, session.path, people.admin, { 'x-request-id': given })).headers.get('x-request-id');
    expect(await idOf('clerk-7')).toBe('clerk-7');
    expect(await idOf('a b')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idOf('x'.repeat(65))).toMatch(/^[0-9a-f-]{36}$/);
  });
});
