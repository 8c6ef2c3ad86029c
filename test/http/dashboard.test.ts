/** The dashboard as a browser and as a program meets it: signing in and out, and what it shows of the jobs. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cast, get, type Json, must, openSession, type Person, person, post, send } from '../support/client.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const PAGE = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe.skipIf(isLeftOut)(`the dashboard, ${kind}`, () => {
  let stack: Stack;
  const root = person('super_admin');

  beforeAll(async () => {
    stack = await startStack({ TRUSTED_PROXIES: '127.0.0.0/8' });
  });

  afterAll(() => stack.stop());

  const ask = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    fetch(stack.url + path, { redirect: 'manual', ...init, headers });
  const submit = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    ask(path, { ...FORM, ...PAGE, ...headers }, { method: 'POST', body: String(new URLSearchParams(fields)) });
  const login = (who: Person | string, headers: Record<string, string> = {}) =>
    post(stack.url, '/jobs/login', null, { token: typeof who === 'string' ? who : who.token }, headers);
  /** As a browser goes somewhere; fetch always says that it does not. */
  const navigate = async (path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> => {
    const sent = request(stack.url + path, { headers: { ...PAGE, 'sec-fetch-mode': 'navigate', ...headers } }).end();
    const [answer] = await once(sent, 'response');
    return answer.resume();
  };
  const cookieIn = (headers: Headers) => headers.getSetCookie().at(-1)?.split(';')[0] ?? '';
  const signIn = async (who: Person) => ({ cookie: cookieIn((await login(who)).headers) });

  describe('a visitor', () => {
    test('with a browser is led to the login page, which is whole without any other host', async () => {
      for (const path of ['/jobs', '/jobs/', '/jobs/queue/commands', `/jobs/command/${randomUUID()}`]) {
        const answer = await ask(path, PAGE);
        expect([path, answer.status, answer.headers.get('location')]).toEqual([path, 303, '/jobs/login']);
      }
      const page = await ask('/jobs/login', PAGE);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.headers.get('cache-control')).toBe('no-store');
      const text = await page.text();
      expect(text).toContain('<form method="post" action="/jobs/login">');
      expect(text).not.toMatch(/https?:|<script/);
    });

    test('that is a program is asked for a token', async () => {
      for (const path of ['/jobs', '/jobs/', '/jobs/api/queues', '/jobs/static/js/main.js']) {
        const { status, body } = await get(stack.url, path, null);
        expect([path, status, body.code]).toEqual([path, 401, 'unauthenticated']);
      }
      expect((await ask('/jobs/api/queues', { ...PAGE }, { method: 'PUT' })).status).toBe(401);
    });
  });

  describe('signing in', () => {
    test('gives a cookie for the dashboard alone that ends with the token and that no script reads', async () => {
      const { status, headers, body } = await login(root);
      expect(status).toBe(200);
      const [pair, ...attributes] = headers.getSetCookie()[0]!.split('; ');
      expect(attributes.map((text) => text.split('=')[0])).toEqual(['Path', 'Expires', 'HttpOnly', 'SameSite']);
      expect(attributes).toEqual(expect.arrayContaining(['Path=/jobs', 'HttpOnly', 'SameSite=Strict']));
      const { exp } = JSON.parse(Buffer.from(root.token.split('.')[1]!, 'base64url').toString());
      const expires = attributes.find((text) => text.startsWith('Expires='))!.slice(8);
      expect([Date.parse(expires), Date.parse(body.expires_at)]).toEqual([exp * 1_000, exp * 1_000]);
      expect((await ask('/jobs/', { ...PAGE, cookie: pair! })).status).toBe(200);
      expect((await ask('/jobs/api/queues', { cookie: `other=1; ${pair}` })).status).toBe(200);
      expect((await ask('/api/assignment/list', { cookie: pair! })).status).toBe(401);
      expect((await ask('/jobs/login', { ...PAGE, cookie: pair! })).headers.get('location')).toBe('/jobs/');
    });

    test('over https, as a trusted proxy says, makes the cookie secure', async () => {
      const { headers } = await login(root, { 'x-forwarded-proto': 'https' });
      expect(headers.getSetCookie()[0]).toMatch(/; Secure/);
    });

    test('with the form leads to the jobs, or says on the page why not', async () => {
      const good = await submit('/jobs/login', { token: `\n${root.token} ` });
      expect([good.status, good.headers.get('location')]).toEqual([303, '/jobs/']);
      expect((await ask('/jobs/', { ...PAGE, cookie: cookieIn(good.headers) })).status).toBe(200);
      for (const [token, status, why] of [
        ['nonsense', 401, 'not signed by us'],
        ['', 401, 'missing'],
        [person('admin', { institution_id: randomUUID() }).token, 403, 'super_admin'],
      ] as const) {
        const bad = await submit('/jobs/login', { token });
        expect([bad.status, bad.headers.getSetCookie()]).toEqual([status, []]);
        expect(await bad.text()).toMatch(new RegExp(`<p role="alert">[^<]*${why}`));
      }
    });

    test('takes a good token of a super_admin and nothing else', async () => {
      const expired = person('super_admin', { claims: { exp: Math.floor(Date.now() / 1_000) - 60 } });
      const forged = person('super_admin', { secret: 'another secret that nobody should believe in' });
      expect(await login(expired)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      expect(await login(forged)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      for (const role of ['admin', 'judge', 'moderator', 'participant']) {
        const answer = await login(person(role, { institution_id: randomUUID() }));
        expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
      expect((await post(stack.url, '/jobs/login', null, {})).status).toBe(422);
      expect((await post(stack.url, '/jobs/login', null, { token: root.token, more: 1 })).status).toBe(422);
      expect((await post(stack.url, '/jobs/login', null, '{')).status).toBe(400);
    });

    test('is not done by a page of another site', async () => {
      const { host } = new URL(stack.url);
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'https://evil.example' },
        { origin: 'null' },
      ]) {
        expect((await submit('/jobs/login', { token: root.token }, headers as never)).status).toBe(403);
        expect((await submit('/jobs/logout', {}, headers as never)).status).toBe(403);
      }
      for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: `https://${host}` }]) {
        expect((await submit('/jobs/login', { token: root.token }, headers as never)).status).toBe(303);
      }
    });
  });

  test('the cookie is judged at every request, and its role too', async () => {
    const soon = person('super_admin', { claims: { exp: Math.floor(Date.now() / 1_000) + 2 } });
    const { cookie } = await signIn(soon);
    expect((await ask('/jobs/api/queues', { cookie })).status).toBe(200);
    // Tokens are taken for five seconds more.
    await expect.poll(async () => (await ask('/jobs/api/queues', { cookie })).status, { timeout: 25_000 }).toBe(401);
    const admin = person('admin', { institution_id: randomUUID() });
    expect((await ask('/jobs/api/queues', { cookie: `plearoll_jobs=${admin.token}` })).status).toBe(403);
    expect((await ask('/jobs/', { ...PAGE, cookie: 'plearoll_jobs=nonsense' })).status).toBe(303);
  });

  test('signing out takes the cookie away, after asking', async () => {
    const { cookie } = await signIn(root);
    const asked = await ask('/jobs/logout', { ...PAGE, cookie });
    expect([asked.status, asked.headers.getSetCookie()]).toEqual([200, []]);
    const done = await submit('/jobs/logout', {}, { cookie });
    expect([done.status, done.headers.get('location')]).toEqual([303, '/jobs/login']);
    expect(done.headers.getSetCookie()[0]).toMatch(/^plearoll_jobs=; Path=\/jobs; Expires=Thu, 01 Jan 1970/);
    expect((await send(stack.url, 'POST', '/jobs/logout', null)).status).toBe(204);
  });

  test('the page and all that it loads come from here', async () => {
    const { cookie } = await signIn(root);
    const page = await ask('/jobs/', { ...PAGE, cookie });
    const text = await page.text();
    expect(text).not.toMatch(/<(?:link|script)[^>]*(?:href|src)="(?:https?:)?\/\//);
    const links = [...text.matchAll(/<(?:link|script)\b[^>]*(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      const { href } = new URL(link, `${stack.url}/jobs/`);
      expect([link, (await fetch(href, { headers: { cookie } })).status]).toEqual([link, 200]);
    }
  });

  describe('a job', () => {
    const jobsOf = async (queue: string): Promise<Json[]> => {
      const { status, body } = await get(stack.url, `/jobs/api/queues?activeQueue=${queue}&jobsPerPage=50`, root);
      expect(status).toBe(200);
      return body.queues.find(({ name }: Json) => name === queue).jobs;
    };

    test('leads to its command, which a browser that follows the link is shown without the payload', async () => {
      const people = cast();
      const { path, session_id } = await openSession(stack.url, people);
      const details = { secret: `secret-${randomUUID()}` };
      const { command_id } = await must(
        post(
          stack.url,
          `${path}/log`,
          people.admin,
          { event_type: 'NOTE', details },
          { 'x-request-id': 'asked-for-it' },
        ),
      );
      const job = (await jobsOf('commands')).find(({ id }) => id === command_id)!;
      const url = `/api/command/${command_id}`;
      expect(job.externalUrl).toEqual({ displayText: 'session.log', href: url });
      expect(job.data.urls).toEqual([url]);
      expect(job.data.commands).toEqual([expect.objectContaining({ id: command_id, request_id: 'asked-for-it' })]);

      const { cookie } = await signIn(root);
      const followed = await navigate(url);
      expect([followed.statusCode, followed.headers.location]).toEqual([303, `/jobs/command/${command_id}`]);
      const shown = await ask(followed.headers.location!, { ...PAGE, cookie });
      const text = await shown.text();
      expect(JSON.parse(text)).toMatchObject({ command_id, status: 'applied', result: { payload: '[redacted]' } });
      expect(text).not.toContain(details.secret);
      expect((await ask(`/jobs/command/${randomUUID()}`, { cookie })).status).toBe(404);
      // Who brings a token is answered where he asked.
      expect((await navigate(url, { authorization: `Bearer ${people.admin.token}` })).statusCode).toBe(200);
      await expectIntact(stack.url, session_id, people.admin);
    });

    test('of the courtroom leads to what happened, without what people said of each other', async () => {
      const people = cast();
      const { path, session_id } = await openSession(stack.url, people);
      const { items } = await must(get(stack.url, `${path}/turns`, people.admin));
      const turn_id = items[0].id as string;
      const act = async (verb: string, body: Json, who = people.presiding) =>
        must(post(stack.url, `${path}/${verb}`, who, body));
      const told = { reason: 'He made it up.', ruling: 'Rephrase it.', description: 'A note was passed.' };
      const { reason, ruling, description } = told;
      const started = await act('turn/start', { turn_id, speaker_id: people.petitioner.id });
      const raised = await act('objection/raise', { turn_id, ground: 'procedural', reason }, people.respondent);
      const ruled = await act('objection/rule', { objection_id: raised.result.id, decision: 'sustained', ruling });
      const fault = { user_id: people.petitioner.id, kind: 'coaching', description };
      const recorded = await act('violation/record', fault, people.bailiff);
      const shown = async ({ command_id }: Json) => (await get(stack.url, `/jobs/command/${command_id}`, root)).body;
      const omitted = '[redacted]';
      expect((await shown(started)).result).toMatchObject({ state: 'active', speaker: omitted });
      expect((await shown(raised)).result).toMatchObject({ ground: 'procedural', reason: omitted, ruling: null });
      expect((await shown(ruled)).result).toMatchObject({ state: 'sustained', reason: omitted, ruling: omitted });
      expect((await shown(recorded)).result).toMatchObject({ kind: 'coaching', description: omitted });
      const text = JSON.stringify(await Promise.all([started, raised, ruled, recorded].map(shown)));
      for (const said of [...Object.values(told), people.petitioner.name]) expect(text).not.toContain(said);
      const { body } = await get(stack.url, '/jobs/api/queues', root);
      const doorbells = body.queues.find(({ name }: Json) => name === 'commands');
      expect(doorbells.description).toMatch(/^Doorbells/);
      await expectIntact(stack.url, session_id, people.admin);
    });

    test('that is a dead letter says how to redrive each of its commands, and nothing about people', async () => {
      const id = `${randomUUID().slice(0, -4)}0000`;
      const commands = [{ id, name: 'session.log', stream: 'session:x', streams: ['session:x'], request_id: 'r' }];
      const error = 'no answer from 192.0.2.17 for ada@example.org, +44 20 7946 0958';
      await stack.backbones[0]!.queues.queue('dead-letters').add('session.log', { commands, error });
      const [job] = await jobsOf('dead-letters');
      expect(job!.data).toEqual({
        redrive: [`curl -X POST --oauth2-bearer $TOKEN $API/api/command/${id}/redrive`],
        urls: [`/api/command/${id}`],
        commands,
        installation: stack.backbones[0]!.installation,
        error: 'no answer from [address] for [email], [phone]',
      });
    });
  });
});
