/** A token that was revoked is no token: REST answers 401, and its connections close on every relay within a second. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openPool } from '../../src/infra/postgres/database.ts';
import { closeServer, listen as listenOn } from '../../src/infra/process/httpServer.ts';
import { signToken } from '../../src/infra/tokens.ts';
import { createRelay } from '../../src/relay/relay.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { type Listener, type ListenOptions, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { quickest } from '../support/quickest.ts';
import { isLeftOut, kind, SECRET, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;
let session_id: string;
let path: string;
const root = person('super_admin');
const open: Listener[] = [];

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
  ({ session_id, path } = await openSession(stack.url, people, { visibility: 'public' }));
});
afterAll(async () => {
  for (const listener of open) listener.close();
  await stack?.stop();
});

const now = () => Math.floor(Date.now() / 1_000);
const WITHIN_MS = 1_000;
const PATIENCE_MS = 20_000;

/** Somebody new of the institution; a token says when it was issued unless it is told otherwise. */
function newcomer(claims: object = {}, role = 'participant'): Person {
  const { institution_id } = people;
  return person(role, { institution_id, claims: { iat: now(), ...claims } });
}

/** The same person with another token. */
const again = ({ id, ...rest }: Person, claims: object): Person => ({
  ...{ id, ...rest },
  token: signToken(
    { sub: id, role: 'participant', institution_id: rest.institution_id, exp: now() + 3_600, ...claims },
    SECRET,
  ),
});

const revoke = (body: object, who: Person = root) => post(stack.url, '/ops/tokens/revoke', who, body);
const statusAt = async (url: string, who: Person) => (await get(url, path, who)).status;

async function listen(connect: Connect, token: string, url = stack.relayUrl, more: object = {}): Promise<Listener> {
  const listener = await connect(url, { token, session_id, ...more });
  open.push(listener);
  await listener.until(({ type }) => type === 'SYNCED');
  return listener;
}
type Connect = (url: string, options: ListenOptions) => Promise<Listener>;

const TRANSPORTS: [string, { connect: Connect; ended: number | string }][] = [
  ['websocket', { connect: listenOnWebSocket, ended: 4401 }],
  ['socket.io', { connect: listenOnSocketIo, ended: 'io server disconnect' }],
];
const REFUSED = /401|The token is/;

describe.skipIf(isLeftOut).each(TRANSPORTS)(`connections on %s, ${kind}`, (_, { connect, ended }) => {
  test.each<[string, (who: Person) => [object, object]]>([
    ['jti', ({ id }) => [{ jti: `of ${id}` }, { jti: `of ${id}` }]],
    ['sid', ({ id }) => [{ sid: `of ${id}` }, { sid: `of ${id}` }]],
    ['user_id', ({ id }) => [{}, { user_id: id }]],
  ])('close within a second on every relay when they are revoked by %s; others stay', async (_name, how) => {
    const stays = await listen(connect, newcomer().token);
    const revoking = async () => {
      const before = newcomer();
      const [claims, body] = how(before);
      const who = again(before, { iat: now() - 60, ...claims });
      const listeners = await Promise.all(stack.relays.map((url) => listen(connect, who.token, url)));
      const at = performance.now();
      await must(revoke(body));
      for (const listener of listeners) {
        expect(await listener.closed).toBe(ended);
        expect(listener.messages.at(-1)).toMatchObject({ type: 'ERROR', code: 'unauthenticated' });
      }
      const closed_ms = performance.now() - at;
      for (const url of stack.relays) await expect(listen(connect, who.token, url)).rejects.toThrow(REFUSED);
      for (const url of stack.apis)
        await vi.waitFor(async () => expect(await statusAt(url, who)).toBe(401), PATIENCE_MS);
      return closed_ms;
    };
    expect(await quickest(WITHIN_MS + 500, revoking)).toBeLessThan(WITHIN_MS + 500);
    stays.send({ type: 'PING' });
    await stays.until(({ type }) => type === 'PONG');
  });

  test('close too where nobody announced it', async () => {
    const who = newcomer();
    const listener = await listen(connect, who.token);
    await stack.pool.query(
      `insert into revocations (id, claim, value, revoked_at, revoked_by, kept_until)
       values (gen_random_uuid(), 'sub', $1, clock_timestamp() + interval '1 second', 'system', now() + interval '1 year')`,
      [who.id],
    );
    expect(await listener.closed).toBe(ended);
  });

  test("an observer's ticket ends with its holder's tokens, and its resume ticket with it", async () => {
    const who = newcomer({ iat: now() - 60 });
    const { result } = await must(post(stack.url, `${path}/observe`, who, {}));
    const listener = await listen(connect, result.ticket);
    const { resume_ticket } = listener.messages[0] as Json;
    await must(revoke({ user_id: who.id }));
    expect(await listener.closed).toBe(ended);
    await expect(listen(connect, result.ticket, stack.relayUrl, { resume_ticket })).rejects.toThrow(REFUSED);
  });

  test("an observer's ticket ends with the token that it was asked for with", async () => {
    const sid = `sign-in ${randomUUID()}`;
    const who = newcomer({ iat: now() - 60, sid, jti: randomUUID() });
    const { result } = await must(post(stack.url, `${path}/observe`, who, {}));
    const stays = await must(post(stack.url, `${path}/observe`, newcomer(), {}));
    const [listener, other] = [await listen(connect, result.ticket), await listen(connect, stays.result.ticket)];
    await must(revoke({ sid }));
    expect(await listener.closed).toBe(ended);
    other.send({ type: 'PING' });
    await other.until(({ type }) => type === 'PONG');
  });

  test("an observer's ticket can be named by its observation", async () => {
    const { result } = await must(post(stack.url, `${path}/observe`, null, {}));
    const listener = await listen(connect, result.ticket);
    await must(revoke({ jti: result.id }));
    expect(await listener.closed).toBe(ended);
  });

  test('a revoked token is not taken by REAUTH', async () => {
    const who = newcomer();
    const listener = await listen(connect, who.token);
    const revoked = again(who, { iat: now() - 60, jti: `of ${who.id}`, exp: now() + 7_200 });
    await must(revoke({ jti: `of ${who.id}` }));
    listener.send({ type: 'REAUTH', token: revoked.token });
    expect(await listener.closed).toBe(ended);
    expect(listener.messages.some(({ type }) => type === 'REAUTHED')).toBe(false);
  });

  test('a connection that went over to a newer token outlives the older one', async () => {
    const who = again(newcomer(), { iat: now() - 60, jti: `older ${randomUUID()}` });
    const { jti } = jwt.decode(who.token) as Json;
    const listener = await listen(connect, who.token);
    listener.send({ type: 'REAUTH', token: again(who, { iat: now(), exp: now() + 7_200 }).token });
    await listener.until(({ type }) => type === 'REAUTHED');
    await must(revoke({ jti }));
    await vi.waitFor(async () => expect(await statusAt(stack.url, who)).toBe(401), PATIENCE_MS);
    listener.send({ type: 'PING' });
    await listener.until(({ type }) => type === 'PONG');
  });
});

describe.skipIf(isLeftOut)(`revoking, ${kind}`, () => {
  test('ends what was issued up to now, and what does not say when; a later token of the same person is good', async () => {
    const who = newcomer({ iat: now() - 60 });
    // What signs tokens here says when unless it is told otherwise.
    const { iat: _, ...rest } = jwt.decode(who.token) as Json;
    const silent = { ...who, token: jwt.sign(rest, SECRET, { noTimestamp: true }) };
    const later = again(who, { iat: now() + 4 });
    for (const one of [who, silent, later]) expect(await statusAt(stack.url, one)).toBe(200);
    await must(revoke({ user_id: who.id }));
    await vi.waitFor(async () => expect(await statusAt(stack.url, who)).toBe(401), PATIENCE_MS);
    expect(await statusAt(stack.url, silent)).toBe(401);
    expect(await statusAt(stack.url, later)).toBe(200);
    // Met for the first time now.
    expect(await statusAt(stack.url, again(who, { iat: now() - 30, name: 'Other' }))).toBe(401);
  });

  test('is for admins: of the own institution alone, and of no super_admin', async () => {
    const stranger = person('participant', { institution_id: randomUUID() });
    const powerful = person('super_admin', { institution_id: people.institution_id });
    const own = newcomer({ iat: now() - 60 });
    for (const { id } of [stranger, powerful, own]) await must(revoke({ user_id: id }, people.admin));
    await vi.waitFor(async () => expect(await statusAt(stack.url, own)).toBe(401), PATIENCE_MS);
    expect(await statusAt(stack.url, stranger)).toBe(200);
    expect(await statusAt(stack.url, powerful)).toBe(200);
    for (const who of [people.presiding, people.student, people.bailiff]) {
      expect((await revoke({ user_id: own.id }, who)).status).toBe(403);
    }
    expect((await post(stack.url, '/ops/tokens/revoke', null, { jti: 'x' })).status).toBe(401);
  });

  test('needs a name, and is a command like others', async () => {
    for (const body of [{}, { jti: '' }, { user_id: 'me' }, { stranger: 1 }]) {
      expect((await revoke(body)).status).toBe(422);
    }
    const key = { 'idempotency-key': randomUUID() };
    const sid = randomUUID();
    const first = await post(stack.url, '/ops/tokens/revoke', root, { sid }, key);
    const second = await post(stack.url, '/ops/tokens/revoke', root, { sid }, key);
    expect(first).toMatchObject({ status: 200, body: { status: 'applied', stream: null, events: [] } });
    expect(second.body).toEqual(first.body);
    const { rows } = await stack.pool.query('select revoked_by from revocations where value = $1', [sid]);
    expect(rows).toEqual([{ revoked_by: root.id }]);
  });

  test('shuts the dashboard too', async () => {
    const operator = person('super_admin', { claims: { iat: now() - 60 } });
    const jobs = () => fetch(`${stack.url}/jobs/`, { headers: { authorization: `Bearer ${operator.token}` } });
    expect((await jobs()).status).toBe(200);
    await must(revoke({ user_id: operator.id }));
    await vi.waitFor(async () => expect((await jobs()).status).toBe(401), PATIENCE_MS);
    const login = await post(stack.url, '/jobs/login', null, { token: operator.token });
    expect(login.status).toBe(401);
  });

  test('ends a connection whose token was revoked while it was let in, before it is told anything', async () => {
    const [backbone] = stack.backbones as [Stack['backbones'][number]];
    const { actor, expires_at } = {
      actor: { ...people.student, role: 'participant' as const },
      expires_at: now() + 60,
    };
    const identity = { actor, expires_at, origin: { names: [], institution_id: null, role: '', issued_at: null } };
    const tokens = {
      verify: async () => identity,
      isRevoked: () => true,
      isTerminated: () => false,
      onRevoked: () => {},
    } as never;
    const pool = openPool(stack.database.url, 'relay', 2, () => {});
    const limiter = { take: async () => ({ admitted: true as const }) };
    const relay = createRelay({ ...backbone, boot: randomUUID(), pool, tokens, limiter });
    const server = createServer();
    relay.attach(server);
    const url = `http://127.0.0.1:${await listenOn(server, '127.0.0.1', 0, 0)}`;
    try {
      const listener = await listenOnWebSocket(url, { token: 'any', session_id });
      expect(await listener.closed).toBe(4401);
      expect(listener.messages).toMatchObject([{ type: 'ERROR', code: 'unauthenticated' }]);
    } finally {
      await relay.close();
      await closeServer(server);
      await pool.end();
    }
  });
});
