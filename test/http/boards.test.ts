/** Links that open without a sign-in: a foyer's board, and the calendar of a person. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ShownState } from '../../src/feeds/matches/match.ts';
import { signToken } from '../../src/infra/tokens.ts';
import {
  assignmentBody,
  type Cast,
  cast,
  get,
  type Json,
  must,
  type Person,
  person,
  post,
  send,
} from '../support/client.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { createMatches, type Matches, type MatchOptions, type TestMatch } from '../support/matches.ts';
import { refusedOnWebSocket } from '../support/refused.ts';
import { isLeftOut, SECRET, type Stack, startStack } from '../support/stack.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };
const namespace = '/feeds';
const STATE: ShownState = {
  ...{ phase: 'live', score: null, title: 'Harbour v. Atlas', petitioner: null, respondent: null },
  ...{ courtroom: 'Hall B', scheduled_at: '2026-11-22T10:00:00.000Z' },
  ...{ speaker: null, behind_minutes: 0, awaits_result: false },
};
const unauthenticated = { status: 401, body: { code: 'unauthenticated' } };

let stack: Stack;
let people: Cast;
let matches: Matches;
const open: Listener[] = [];

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
  matches = createMatches(stack.pool, stack.backbones[0]!.fanout);
});
afterAll(async () => {
  for (const listener of open) listener.close();
  await stack?.stop();
});

/** As links are answered where nothing says what the public calls the server: a path. */
const openLink = (link: string, method = 'GET') => send(stack.url, method, link, null);

describe.skipIf(isLeftOut)('the board of a foyer', () => {
  const create = async (body: object = { name: 'Foyer' }, who = people.admin, headers = {}): Promise<Json> =>
    (await must(post(stack.url, '/api/board/create', who, body, headers))).result;

  /** A board as a bearer of its token. */
  async function boardOf(link: string): Promise<Person> {
    const { token } = await must(openLink(link));
    return { ...people.student, token };
  }

  /** With all that answers show of it. */
  async function make(options: MatchOptions): Promise<TestMatch> {
    const match = await matches.make(options);
    await stack.pool.query('update match_state set state = $2 where match_id = $1', [match.id, STATE]);
    return match;
  }

  const ask = (path: string, board: Person) => get(stack.url, path, board);

  test('is opened by GET and by POST, again and again, and its link is told to its admin alone', async () => {
    const answer = await post(stack.url, '/api/board/create', people.admin, { name: 'Foyer' });
    expect(answer.status).toBe(201);
    const { id, link } = answer.body.result;
    expect(answer.headers.get('location')).toBe(`/api/board/${id}`);
    expect(link).toMatch(new RegExp(`^/api/board/${id}/open/[\\w-]{43}$`));
    for (const method of ['GET', 'POST', 'GET']) {
      const opened = await openLink(link, method);
      expect(opened).toMatchObject({ status: 200, body: { token: expect.any(String) } });
      expect(opened.headers.get('cache-control')).toBe('no-store');
      expect(Date.parse(opened.body.expires_at)).toBeGreaterThan(Date.now());
    }
    const secret = link.split('/').at(-1);
    const { rows } = await stack.pool.query(
      `select (select json_agg(c) from commands c where c.id = $1)::text || (select json_agg(b) from boards b)::text ||
         (select json_agg(p) from event_payloads p)::text as stored`,
      [answer.body.command_id],
    );
    expect(rows[0].stored).toContain('secret_hash');
    expect(rows[0].stored).not.toContain(secret);
    const own = await must(get(stack.url, `/api/command/${answer.body.command_id}`, people.admin));
    expect(own.result.link).toBe(link);
  });

  test('is listed for admins of its institution, without its link, and says when it was revoked', async () => {
    const own = cast();
    const [one, other] = [await create({ name: 'Foyer' }, own.admin), await create({ name: 'Café' }, own.admin)];
    await must(post(stack.url, `/api/board/${one.id}/revoke`, own.admin));
    const first = await must(get(stack.url, '/api/board/list?limit=1', own.admin));
    const rest = await must(get(stack.url, `/api/board/list?cursor=${first.next_cursor}`, own.admin));
    const listed = [...first.items, ...rest.items];
    expect(listed.map(({ id, name, revoked_at }) => [id, name, revoked_at])).toEqual([
      [other.id, 'Café', null],
      [one.id, 'Foyer', expect.any(String)],
    ]);
    expect(JSON.stringify(listed)).not.toMatch(/open|secret/);
    expect(await must(get(stack.url, `/api/board/${other.id}`, own.admin))).toEqual(listed[0]);
    expect((await get(stack.url, `/api/board/${other.id}`, people.admin)).status).toBe(404);
    expect((await get(stack.url, '/api/board/list', own.presiding)).status).toBe(403);
  });

  test('is made once under an Idempotency-Key, and its link is told again', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = await create({ name: 'Foyer' }, people.admin, headers);
    expect(await create({ name: 'Foyer' }, people.admin, headers)).toEqual(first);
  });

  test('reads what is public and what its institution may see, and nothing else', async () => {
    const { institution_id } = people;
    const elsewhere = randomUUID();
    const [own, hidden, shown, foreign] = [
      await make({ institution_id }),
      await make({ institution_id, visibility: 'private' }),
      await make({ institution_id: elsewhere, visibility: 'public' }),
      await make({ institution_id: elsewhere }),
    ];
    const all = [own, hidden, shown, foreign];
    const board = await boardOf((await create()).link);
    for (const rest of ['', '/state', '/events', '/calendar.ics']) {
      const statuses = [];
      for (const { id } of all) statuses.push((await ask(`/api/match/${id}${rest}`, board)).status);
      expect({ rest, statuses }).toEqual({ rest, statuses: [200, 404, 200, 404] });
    }
    const { items } = await must(ask('/api/match/list', board));
    const listed = items.map(({ id }: Json) => id);
    expect(all.map(({ id }) => listed.includes(id))).toEqual([true, false, true, false]);
  });

  test('is nobody anywhere else', async () => {
    const board = await boardOf((await create()).link);
    for (const path of ['/api/session/list', '/api/assignment/list', '/api/feed/list', '/ops/findings', '/v1/status']) {
      expect(await ask(path, board)).toMatchObject(unauthenticated);
    }
    expect(await post(stack.url, '/api/board/create', board, {})).toMatchObject(unauthenticated);
    const scheduling = await post(stack.url, '/api/assignment/create', board, assignmentBody(people));
    expect(scheduling).toMatchObject(unauthenticated);
  });

  test.each([
    ['websocket', listenOnWebSocket],
    ['socket.io', listenOnSocketIo],
  ] as const)('follows matches on %s, until it is revoked', async (_, listen) => {
    const { institution_id } = people;
    const [own, hidden] = [await make({ institution_id }), await make({ institution_id, visibility: 'private' })];
    const { id, link } = await create();
    const board = await boardOf(link);
    const listener = await listen(stack.relays.at(-1)!, { token: board.token, namespace });
    open.push(listener);
    await listener.until(({ type }) => type === 'state');
    for (const match of [own, hidden]) listener.send({ type: 'subscribe', match_id: match.id, tiers: [0] });
    await listener.until(({ type, match_id }) => type === 'snapshot' && match_id === own.id);
    const refusal = await listener.until(({ type, match_id }) => type === 'error' && match_id === hidden.id);
    expect(refusal.code).toBe('not_found');

    const { result } = await must(post(stack.url, `/api/board/${id}/revoke`, people.admin));
    expect(result).toMatchObject({ id, revoked_at: expect.any(String), link: null });
    await listener.closed;
    await vi.waitFor(async () => expect(await ask('/api/match/list', board)).toMatchObject(unauthenticated), PATIENCE);
    expect(await openLink(link)).toMatchObject(unauthenticated);
    await vi.waitFor(async () => {
      const refused = await refusedOnWebSocket(stack.relays[0]!, { token: board.token, namespace });
      expect(refused.code).toBe('auth_required');
    }, PATIENCE);
    const again = await must(post(stack.url, `/api/board/${id}/revoke`, people.admin));
    expect(again.result.revoked_at).toBe(result.revoked_at);
  });

  test('is no way into the sockets of sessions', async () => {
    const board = await boardOf((await create()).link);
    const asked = { token: board.token, session_id: randomUUID() };
    expect(await refusedOnWebSocket(stack.relayUrl, asked)).toMatchObject({ code: 'unauthenticated' });
  });

  test('is not opened by another secret, by that of another board, or after its end', async () => {
    const [one, other] = [await create(), await create()];
    const secretOf = (link: string) => link.split('/').at(-1)!;
    for (const path of [
      `/api/board/${one.id}/open/${secretOf(other.link)}`,
      `/api/board/${one.id}/open/nonsense`,
      `/api/board/${randomUUID()}/open/${secretOf(one.link)}`,
      `/api/board/no-uuid/open/${secretOf(one.link)}`,
    ]) {
      expect(await openLink(path)).toMatchObject(unauthenticated);
    }
    await stack.pool.query(`update boards set expires_at = now() - interval '1 second' where id = $1`, [one.id]);
    expect(await openLink(one.link)).toMatchObject(unauthenticated);
    expect((await openLink(other.link)).status).toBe(200);
  });

  test('is for admins of its institution to make and to revoke', async () => {
    const { id } = await create();
    const others = cast();
    expect((await post(stack.url, `/api/board/${id}/revoke`, others.admin)).status).toBe(404);
    expect((await post(stack.url, `/api/board/${id}/revoke`, people.presiding)).status).toBe(403);
    const { institution_id } = people;
    expect((await post(stack.url, '/api/board/create', others.admin, { institution_id })).status).toBe(403);
    const root = person('super_admin');
    expect((await post(stack.url, '/api/board/create', root, {})).status).toBe(422);
    expect((await create({ institution_id }, root)).institution_id).toBe(institution_id);
  });
});

describe.skipIf(isLeftOut)('the calendar of a person', () => {
  const pathOf = ({ id }: Person) => `/api/person/${id}/calendar`;
  const linkOf = async (who: Person): Promise<string> => (await must(post(stack.url, pathOf(who), who))).result.link;
  const read = (link: string) => get(stack.url, link, null);

  /** An assignment becomes a match soon after its commit. */
  async function schedule(changes: Json = {}): Promise<string> {
    const scheduled_at = new Date(Date.now() + 3_600_000).toISOString();
    const body = assignmentBody(people, { scheduled_at, ...changes });
    const { id } = (await must(post(stack.url, '/api/assignment/create', people.admin, body))).result;
    await vi.waitFor(
      async () => expect((await get(stack.url, `/api/match/${id}`, people.admin)).status).toBe(200),
      PATIENCE,
    );
    return id;
  }

  test('has the matches in which that person has a seat, by a ticket alone', async () => {
    const seated = await schedule({ visibility: 'private' });
    const other = await schedule({ petitioner: [{ user_id: randomUUID(), name: 'Another' }], visibility: 'public' });
    const link = await linkOf(people.petitioner);
    expect(link).toMatch(/\/calendar\.ics\?ticket=[\w-]{43}$/);
    const answer = await read(link);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/calendar; charset=utf-8');
    expect(answer.body.text).toContain(`UID:${seated}@`);
    expect(answer.body.text).not.toContain(other);
    const own = await get(stack.url, `${pathOf(people.petitioner)}.ics`, people.petitioner);
    expect(own.body.text).toContain(`UID:${seated}@`);
  });

  test('takes no token from its address, and no ticket of anything else', async () => {
    const link = await linkOf(people.petitioner);
    const path = `${pathOf(people.petitioner)}.ics`;
    const ticketOf = (of: string) => new URL(of, stack.url).searchParams.get('ticket')!;
    const board = (await must(post(stack.url, '/api/board/create', people.admin))).result;
    const { token } = await must(openLink(board.link));
    const longLived = signToken({ sub: people.petitioner.id, role: 'super_admin', exp: 4_000_000_000 }, SECRET);
    const others = [people.petitioner.token, longLived, token, ticketOf(await linkOf(people.respondent)), 'none', ''];
    for (const ticket of others) expect(await read(`${path}?ticket=${ticket}`)).toMatchObject(unauthenticated);
    expect(await read(`${path}?token=${people.petitioner.token}`)).toMatchObject(unauthenticated);
    expect(await read(path)).toMatchObject(unauthenticated);
    expect((await read(`${link}&token=x`)).status).toBe(422);
    const foreign = `/api/person/${people.respondent.id}/calendar.ics?ticket=${ticketOf(link)}`;
    expect(await read(foreign)).toMatchObject(unauthenticated);
    expect(await get(stack.url, '/api/match/list', { ...people.student, token: ticketOf(link) })).toMatchObject(
      unauthenticated,
    );
  });

  test("is nobody else's, its admin's neither", async () => {
    expect((await get(stack.url, `${pathOf(people.petitioner)}.ics`, people.admin)).status).toBe(404);
    expect((await post(stack.url, pathOf(people.petitioner), people.admin)).status).toBe(404);
  });

  test('ends with a newer link, with its time, and with the tokens of its person', async () => {
    const who = person('judge', { institution_id: people.institution_id });
    const [first, second] = [await linkOf(who), await linkOf(who)];
    expect(await read(first)).toMatchObject(unauthenticated);
    expect((await read(second)).status).toBe(200);
    await stack.pool.query(`update calendar_links set expires_at = now() where user_id = $1`, [who.id]);
    expect(await read(second)).toMatchObject(unauthenticated);
    const third = await linkOf(who);
    expect((await read(third)).status).toBe(200);
    await must(post(stack.url, '/ops/tokens/revoke', people.admin, { user_id: who.id }));
    await vi.waitFor(async () => expect(await read(third)).toMatchObject(unauthenticated), PATIENCE);
  });
});
