/**
 * Each refusal on each transport, as its client can read it: an HTTP answer before the upgrade, for browsers an ERROR and
 * a close code, on socket.io the data of its connect_error.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { Problem } from '../../src/core/definitions/problem.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import type { Listeners } from '../../src/relay/listeners/listeners.ts';
import { createFloodgate } from '../../src/relay/transports/floodgate.ts';
import { routeRequests, routeUpgrades } from '../../src/relay/transports/routes.ts';
import { createSocketIo } from '../../src/relay/transports/socketio.ts';
import { createEventStreams } from '../../src/relay/transports/sse.ts';
import { createWebSockets } from '../../src/relay/transports/websocket.ts';
import { type Cast, cast, openSession, person } from '../support/client.ts';
import { listenOnSocketIo, listenOnSse, listenOnWebSocket } from '../support/listener.ts';
import {
  type Asked,
  type Browser,
  refusedAtPath,
  refusedOnSocketIo,
  refusedOnSse,
  refusedOnWebSocket,
} from '../support/refused.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { dial } from '../support/target.ts';

const NAMED = 'https://board.example';
const PUBLIC = 'https://court.example';
const ELSEWHERE = 'https://evil.example';

let stack: Stack;
let open: Stack;
let people: Cast;
let session_id: string;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack({ CORS_ORIGINS: NAMED, PUBLIC_URL: `${PUBLIC}/moot` });
  open = await startStack({ FEATURE_MOOT_OPERATIONS: 'false' });
  people = cast();
  ({ session_id } = await openSession(stack.url, people, { visibility: 'private' }));
});
afterAll(async () => {
  await stack?.stop();
  await open?.stop();
});

const good = () => ({ token: people.petitioner.token, session_id });
const refusals: [what: string, asked: () => Asked & Browser, status: number, code: string, close: number][] = [
  ['a page of another origin', () => ({ ...good(), origin: ELSEWHERE }), 403, 'forbidden', 4403],
  ['no token', () => ({ session_id }), 401, 'unauthenticated', 4401],
  ['a forged token', () => ({ ...good(), token: `${good().token}x` }), 401, 'unauthenticated', 4401],
  ['no token for what is no session', () => ({ session_id: 'no-uuid' }), 401, 'unauthenticated', 4401],
  ['what is no session', () => ({ ...good(), session_id: 'no-uuid' }), 404, 'not_found', 4404],
  ['a session that is not there', () => ({ ...good(), session_id: randomUUID() }), 404, 'not_found', 4404],
  [
    'a session of others',
    () => ({ ...good(), token: person('admin', { institution_id: randomUUID() }).token }),
    ...([404, 'not_found', 4404] as const),
  ],
  [
    'a position for what is not there',
    () => ({ ...good(), session_id: randomUUID(), last_sequence: 'x' }),
    ...([404, 'not_found', 4404] as const),
  ],
  ['a position that is none', () => ({ ...good(), last_sequence: '1.5' }), 422, 'validation_failed', 4422],
];

describe.skipIf(isLeftOut).each(refusals)(`%s is refused, ${kind},`, (what, asked, status, code, close) => {
  const hasOrigin = what === 'a page of another origin';

  test.skipIf(hasOrigin)('by an HTTP answer before the upgrade', async () => {
    expect(await refusedOnWebSocket(stack.relayUrl, asked())).toEqual({ status, code });
  });

  test('to a browser by an ERROR and a close code', async () => {
    const { origin = NAMED, ...request } = asked();
    expect(await refusedOnWebSocket(stack.relayUrl, request, { origin })).toEqual({ close, code });
  });

  test.skipIf(hasOrigin)('to a client that offers our subprotocol by an ERROR and a close code', async () => {
    const protocols = ['something.else', 'plearoll.v1'];
    expect(await refusedOnWebSocket(stack.relayUrl, asked(), { protocols })).toEqual({ close, code });
  });

  test('of an event stream by an HTTP answer', async () => {
    const { origin, ...request } = asked();
    for (const browser of [{ origin: origin ?? NAMED }, origin === undefined ? {} : { origin }]) {
      expect(await refusedOnSse(stack.relayUrl, request, browser)).toEqual({ status, code });
    }
  });

  test.each([[['polling']], [['websocket']]])('on socket.io by %s with the data of its connect_error', async (by) => {
    const { origin, ...request } = asked();
    const browser = origin === undefined ? {} : { origin };
    expect(await refusedOnSocketIo(stack.relayUrl, request, browser, by)).toEqual({ status, code });
  });
});

describe.skipIf(isLeftOut)(`while sessions are switched off, ${kind},`, () => {
  test('whoever is known is told so, and whoever is not is told that first', async () => {
    const known = { token: person('super_admin').token, session_id: randomUUID() };
    const disabled = { code: 'feature_disabled' };
    expect(await refusedOnWebSocket(open.relayUrl, known)).toEqual({ ...disabled, status: 403 });
    expect(await refusedOnWebSocket(open.relayUrl, known, { origin: PUBLIC })).toEqual({ ...disabled, close: 4403 });
    expect(await refusedOnSocketIo(open.relayUrl, known)).toEqual({ ...disabled, status: 403 });
    expect(await refusedOnSse(open.relayUrl, known)).toEqual({ ...disabled, status: 403 });
    expect(await refusedOnWebSocket(open.relayUrl, { session_id: randomUUID() })).toMatchObject({ status: 401 });
  });
});

/** The transports alone, at which everything is refused for the same reason. */
async function refuseAll(reason: Error, logged: string[]): Promise<string> {
  const admit = () => Promise.reject(reason);
  const metrics = createMetrics();
  const listeners = { isDraining: () => false } as Listeners;
  const realAddress = () => '127.0.0.1';
  const options = { floodgate: createFloodgate(metrics), isLetIn: () => true, realAddress };
  const receptions = { '/live': { admit, listeners } };
  const log = pino({ level: 'info' }, { write: (line) => void logged.push(line) });
  const socketIo = createSocketIo({ ...options, receptions, log });
  const webSockets = createWebSockets({ ...options, receptions, log });
  const eventStreams = createEventStreams({ ...options, admit, listeners, log });
  const server = createServer();
  socketIo.attach(server);
  routeRequests(server, eventStreams);
  routeUpgrades(server, webSockets);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const transport of [socketIo, webSockets, eventStreams]) transport.close();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const IN_A_WHILE = { 'Retry-After': '7' };
const later = { retry_after_ms: 7_000 };
test.each([
  ['rate_limited', new Problem('rate_limited', 'x', {}, IN_A_WHILE), 429, 4429, later],
  ['backlog', new Problem('backlog', 'x', {}, IN_A_WHILE), 503, 4503, later],
  ['unavailable', Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), 503, 4503, { retry_after_ms: 2_000 }],
  ['internal_error', new Error('a fault'), 500, 1011, {}],
])('%s is told on each transport as its client can read it', async (code, reason, status, close, retry) => {
  const logged: string[] = [];
  const url = await refuseAll(reason, logged);
  const asked = { session_id: randomUUID() };
  const answer = { status, code, ...retry };
  expect(await refusedOnWebSocket(url, asked)).toEqual(answer);
  expect(await refusedOnWebSocket(url, asked, { origin: ELSEWHERE })).toEqual({ close, code });
  expect(await refusedOnWebSocket(url, asked, { protocols: ['plearoll.v1'] })).toEqual({ close, code });
  expect(await refusedOnSse(url, asked)).toEqual(answer);
  expect(await refusedOnSse(url, asked, { origin: ELSEWHERE })).toEqual(answer);
  for (const by of ['polling', 'websocket']) expect(await refusedOnSocketIo(url, asked, {}, [by])).toEqual(answer);
  expect(logged).toHaveLength(code === 'internal_error' ? 7 : 0);
});

describe.skipIf(isLeftOut)(`a page, ${kind},`, () => {
  const own = () => stack.relayUrl;

  test.each([
    ['of a named origin', () => NAMED],
    ['of the public address', () => PUBLIC],
    ['of the address that it asks', own],
    ['of the address that it asks, behind a proxy that ends TLS', () => own().replace('http:', 'https:')],
  ])('%s is let in', async (_, origin) => {
    const asking = { ...good(), headers: { origin: origin() } };
    const listeners = [
      await listenOnWebSocket(stack.relayUrl, asking),
      await listenOnSocketIo(stack.relayUrl, asking, ['polling']),
      await listenOnSocketIo(stack.relayUrl, asking, ['websocket']),
      await listenOnSse(stack.relayUrl, asking),
    ];
    for (const listener of listeners) {
      await listener.until(({ type }) => type === 'SYNCED');
      listener.close();
    }
  });

  test.each(['null', 'https://court.example.evil.example', 'http://127.0.0.1:1', 'nonsense', `${NAMED}.`])(
    'of %s is not',
    async (origin) => {
      expect(await refusedOnWebSocket(stack.relayUrl, good(), { origin })).toEqual({ close: 4403, code: 'forbidden' });
    },
  );

  test('reads what socket.io answers its polls where it is let in, and only there', async () => {
    const poll = (url: string, origin: string) =>
      fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
    const allowed = async (url: string, origin: string) =>
      (await poll(url, origin)).headers.get('access-control-allow-origin');
    expect(await allowed(stack.relayUrl, NAMED)).toBe(NAMED);
    expect(await allowed(stack.relayUrl, ELSEWHERE)).toBeNull();
    expect(await allowed(open.relayUrl, ELSEWHERE)).toBe(ELSEWHERE);
    expect((await poll(open.relayUrl, ELSEWHERE)).headers.get('access-control-allow-credentials')).toBeNull();
  });
});

describe.skipIf(isLeftOut)(`what is asked for in an odd way, ${kind},`, () => {
  const at = (path: string, headers: Record<string, string> = {}) => refusedAtPath(stack.relayUrl, path, { headers });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const path = (query: string, id = session_id) => `/live/ws/${id}?${query}`;
  const unauthenticated = { status: 401, code: 'unauthenticated' };
  const invalid = { status: 422, code: 'validation_failed' };

  test('has one token: two of them are none, in one place or in two', async () => {
    const { token } = good();
    expect(await at(path(`token=${token}&token=${token}`))).toEqual(unauthenticated);
    expect(await at(path(`token=${token}`), bearer(people.judge.token))).toEqual(unauthenticated);
    expect(await at(path('last_sequence=x'), bearer(token))).toEqual(invalid);
  });

  test.each([
    'last_sequence=1&last_sequence=1',
    'last_sequence=',
    'last_sequence=%zz',
    'last_sequence=9007199254740992',
  ])('has one whole number for its position: %s is refused', async (query) => {
    expect(await at(path(`token=${good().token}&${query}`))).toEqual(invalid);
  });

  test.each(['seat=', 'seat=no', 'seat=true&seat=true'])('has one seat or none: %s is refused', async (query) => {
    expect(await at(path(`token=${good().token}&${query}`))).toEqual(invalid);
  });

  test.each(['%zz', '%', '%00', '..%2f', `${'0'.repeat(4_000)}`])('names a session: %s is none', async (id) => {
    expect(await at(path(`token=${good().token}`, id))).toEqual({ status: 404, code: 'not_found' });
  });

  test('may be percent-encoded', async () => {
    const encoded = session_id.replaceAll('-', '%2D').toUpperCase();
    expect(await at(path(`token=${good().token}&last_sequence=%2D1`, encoded))).toEqual(invalid);
  });

  test.each([100, 8_000, 12_000])('a token of %i characters that is none of ours is refused', async (length) => {
    const token = 'x'.repeat(length);
    expect(await at(path(`token=${token}`))).toEqual(unauthenticated);
    expect(await at(path(''), bearer(token))).toEqual(unauthenticated);
  });

  test('a token longer than all headers may be is refused, on socket.io too', async () => {
    const token = 'x'.repeat(20_000);
    expect(await at(path(`token=${token}`))).toMatchObject({ status: 431 });
    const refused = await refusedOnSocketIo(stack.relayUrl, { session_id, token }, {}, ['websocket']);
    expect(refused).toEqual({ status: 413, code: 'too_large' });
  });

  test('a handshake that is none is refused', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    for (const key of ['', 'short']) {
      const answer = await rawUpgrade(path(`token=${good().token}`), { ...headers, 'sec-websocket-key': key });
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    }
  });
});

async function rawUpgrade(path: string, headers: Record<string, string>): Promise<string> {
  const { socket, closed } = dial(Number(new URL(stack.relayUrl).port));
  const lines = Object.entries({ host: 'x', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return closed;
}

describe.skipIf(isLeftOut)(`the subprotocol, ${kind},`, () => {
  const protocolFor = async (protocols: string[]) => {
    const url = `${stack.relayUrl.replace('http', 'ws')}/live/ws/${session_id}?token=${good().token}`;
    const socket = new WebSocket(url, protocols);
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    socket.close();
    return socket.protocol;
  };

  test('is answered where it is offered', async () => {
    expect(await protocolFor(['plearoll.v1'])).toBe('plearoll.v1');
    expect(await protocolFor(['something.else', 'plearoll.v1'])).toBe('plearoll.v1');
    expect(await protocolFor([])).toBe('');
  });
});
