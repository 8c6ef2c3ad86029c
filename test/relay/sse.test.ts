/** Server-sent events: what is theirs alone. What a listener is told stands in live.test.ts, who is let in in refusals.test.ts. */
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Wire } from '../../src/relay/listeners/outlet.ts';
import { prepare } from '../../src/relay/listeners/prepared.ts';
import { routeRequests } from '../../src/relay/transports/routes.ts';
import { createEventStreams } from '../../src/relay/transports/sse.ts';
import { type Cast, cast, must, openSession, person, post, send } from '../support/client.ts';
import { listenOnSse, type SseListener } from '../support/listener.ts';
import { hasNginx, startNginx } from '../support/nginx.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const ORIGIN = 'https://board.example';
const seconds = () => Math.floor(Date.now() / 1_000);
const sequences = (listener: SseListener) => listener.events().map(({ event_sequence }) => event_sequence);
/** What a browser would send when it comes back. */
const lastIdOf = ({ blocks }: SseListener) => blocks.map((block) => /^id: (.*)$/m.exec(block)?.[1]).findLast(Boolean);

describe.skipIf(isLeftOut)(`an event stream, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });
  afterAll(() => stack.stop());

  const log = (path: string) =>
    must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: {} }));

  test('is fit for proxies and for pages, says when to come back, and ids are on events alone', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const asking = { token: people.student.token, session_id, headers: { origin: ORIGIN } };
    const listener = await listenOnSse(stack.relayUrl, asking);
    await listener.until(({ type }) => type === 'SYNCED');
    await log(path);
    await listener.until(({ type }) => type === 'EVENT');
    expect(listener.headers).toMatchObject({
      ...{ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
      ...{ 'access-control-allow-origin': ORIGIN, vary: 'Origin' },
    });
    expect(listener.headers).not.toHaveProperty('access-control-allow-credentials');
    const [retry, ...blocks] = listener.blocks;
    const retry_ms = Number(/^retry: (\d+)$/.exec(retry!)![1]);
    expect(retry_ms).toBeGreaterThanOrEqual(1_000);
    expect(retry_ms).toBeLessThanOrEqual(5_000);
    const heads = blocks.map((block) => block.split('\n').slice(0, -1).join(' '));
    // How many listen is told of its own accord.
    expect(heads.filter((head) => head !== 'event: PRESENCE')).toEqual([
      'event: WELCOME',
      'event: SNAPSHOT',
      'event: SYNCED',
      'id: 3 event: EVENT',
    ]);
    listener.close();
  });

  test('goes on after the event that Last-Event-ID names, whatever the query says', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const asking = { token: people.student.token, session_id, last_sequence: 0 };
    const first = await listenOnSse(stack.relayUrl, asking);
    await log(path);
    await first.until(({ event_sequence }) => event_sequence === 3);
    first.close();
    for (let n = 0; n < 3; n += 1) await log(path);
    const again = await listenOnSse(stack.relayUrl, { ...asking, headers: { 'last-event-id': lastIdOf(first)! } });
    await log(path);
    await again.until(({ type, event_sequence }) => type === 'EVENT' && event_sequence === 7);
    expect(again.messages[0]).toMatchObject({ type: 'WELCOME', mode: 'delta', recovered: true });
    expect([...sequences(first), ...sequences(again)]).toEqual([1, 2, 3, 4, 5, 6, 7]);
    again.close();
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('takes an empty Last-Event-ID for none, and refuses one that is no sequence', async () => {
    const { session_id } = await openSession(stack.url, people);
    const asking = { token: people.student.token, session_id, last_sequence: 1 };
    const listener = await listenOnSse(stack.relayUrl, { ...asking, headers: { 'last-event-id': '' } });
    await listener.until(({ type }) => type === 'SYNCED');
    expect(sequences(listener)).toEqual([2]);
    listener.close();
    const odd = { ...asking, headers: { 'last-event-id': 'x' } };
    await expect(listenOnSse(stack.relayUrl, odd)).rejects.toThrow('refused with 422');
  });

  test('ends with an ERROR when its token does', async () => {
    const { session_id } = await openSession(stack.url, people);
    const { institution_id } = people;
    const { token } = person('admin', { institution_id, claims: { exp: seconds() + 5 } });
    const listener = await listenOnSse(stack.relayUrl, { token, session_id });
    expect(await listener.closed).toBe('ended');
    expect(listener.messages.at(-1)).toMatchObject({ type: 'ERROR', code: 'unauthenticated' });
    expect(listener.blocks.at(-1)).toMatch(/^event: ERROR\n/);
  });

  test('is only read: other methods are refused, and a page may ask before it sends a header', async () => {
    const path = `/live/sse/${crypto.randomUUID()}`;
    const posted = await send(stack.relayUrl, 'POST', path, people.admin, {});
    expect([posted.status, posted.headers.get('allow'), posted.body.code]).toEqual([405, 'GET', 'method_not_allowed']);
    const asked = await send(stack.relayUrl, 'OPTIONS', path, null, undefined, { origin: ORIGIN });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(asked.headers.get('access-control-allow-headers')).toBe('Authorization, Last-Event-ID');
    const authorized = await send(stack.relayUrl, 'GET', path, people.admin);
    expect(authorized.status).toBe(404);
    expect(authorized.body).toMatchObject({ code: 'not_found', instance: path });
  });

  test('is told to come back, and when, as its relay stops', async () => {
    const other = await startStack();
    const { session_id } = await openSession(other.url, people);
    const listener = await listenOnSse(other.relayUrl, { token: people.student.token, session_id });
    await listener.until(({ type }) => type === 'SYNCED');
    await other.stop();
    expect(await listener.closed).toBe('ended');
    const { reconnect_in_ms } = listener.messages.find(({ type }) => type === 'DRAIN')!;
    expect(listener.blocks.at(-1)).toContain(`retry: ${reconnect_in_ms}\nevent: DRAIN\n`);
  });

  test.skipIf(!hasNginx)('comes through nginx as it stands, event by event', async () => {
    const nginx = await startNginx(stack.relayUrl);
    onTestFinished(nginx.stop);
    const { session_id, path } = await openSession(stack.url, people);
    const listener = await listenOnSse(nginx.url, { token: people.student.token, session_id, last_sequence: 0 });
    for (const nth of [3, 4, 5]) {
      await log(path);
      await listener.until(({ type, event_sequence }) => type === 'EVENT' && event_sequence === nth);
    }
    expect(sequences(listener)).toEqual([1, 2, 3, 4, 5]);
    listener.close();
  });
});

test.skipIf(isLeftOut)(`a stream that is not read is told what it missed, and goes on behind it, ${kind}`, async () => {
  const stack = await startStack({ WS_MAX_QUEUE: '5' });
  onTestFinished(stack.stop);
  const people = cast();
  const { session_id, path } = await openSession(stack.url, people);
  const listener = await listenOnSse(stack.relayUrl, { token: people.student.token, session_id, last_sequence: 0 });
  await listener.until(({ type }) => type === 'SYNCED');
  listener.pause();
  const details = { text: 'x'.repeat(60_000) };
  // More than the kernel takes on both sides.
  const sent = Array.from({ length: 250 }, () =>
    must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details })),
  );
  await Promise.all(sent);
  listener.resume();
  const resync = await listener.until(({ type }) => type === 'RESYNC');
  await listener.until(({ type, event_sequence }) => type === 'EVENT' && event_sequence === 252);
  const { from, to, reason, event_hash } = resync;
  const next = listener.messages[listener.messages.indexOf(resync) + 1]!;
  expect(reason).toBe('slow');
  expect(next).toMatchObject({ type: 'EVENT', event_sequence: to + 1, previous_hash: event_hash });
  expect(sequences(listener).filter((sequence) => sequence < to)).toEqual(
    Array.from({ length: from - 1 }, (_, i) => i + 1),
  );
  expect(lastIdOf(listener)).toBe('252');
  listener.close();
  await expectIntact(stack.url, session_id, people.admin);
});

/** Nothing but the transport: every stream is let in, and told what the test says. */
async function openStreams(heartbeat_ms: number) {
  const connections: (Wire & { taken: number })[] = [];
  let left = 0;
  const enter = (_transport: string, _admitted: unknown, wire: Wire) => {
    const connection = Object.assign(wire, { taken: 0 });
    connections.push(connection);
    const leave = () => {
      left += 1;
    };
    const onTaken = () => {
      connection.taken += 1;
    };
    return { receive: () => {}, onTaken, leave };
  };
  const streams = createEventStreams({
    admit: async () => ({ identity: {} }) as never,
    listeners: { enter } as never,
    isLetIn: () => true,
    realAddress: () => '127.0.0.1',
    log: pino({ level: 'silent' }),
    heartbeat_ms,
  });
  const server = createServer((_req, res) => void res.writeHead(404).end());
  routeRequests(server, streams);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    streams.close();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections, left: () => left };
}

/** Ends an answer of which nothing came for a second. */
async function startImpatientProxy(target: string) {
  const server = createServer((req, res) => {
    const upstream = get(target + req.url, { headers: req.headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers);
      answer.on('data', (bytes) => res.write(bytes)).on('end', () => res.end());
      answer.socket.setTimeout(1_000, () => res.destroy());
    });
    upstream.on('error', () => res.destroy());
    res.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

describe('a stream on which nothing happens', () => {
  const beats = ({ blocks }: SseListener) => blocks.filter((block) => block === ':').length;

  test('is kept alive by comments', async () => {
    const { url } = await openStreams(20);
    const listener = await listenOnSse(url, { token: null, session_id: 'x' });
    await until('three of them', () => beats(listener) >= 3);
    expect(listener.messages).toEqual([]);
    listener.close();
  });

  test.each([
    { of: 'a proxy', start: startImpatientProxy },
    ...(hasNginx ? [{ of: 'nginx', start: (url: string) => startNginx(url, ['proxy_read_timeout 1s;']) }] : []),
  ])('outlives the patience of $of', async ({ start }) => {
    const { url, connections } = await openStreams(200);
    const proxy = await start(url);
    onTestFinished(proxy.stop);
    const listener = await listenOnSse(proxy.url, { token: null, session_id: 'x' });
    await until('more than a second of them', () => beats(listener) >= 10);
    connections[0]!.write({ messages: [prepare({ type: 'SYNCED', event_sequence: 1 })] });
    await listener.until(({ type }) => type === 'SYNCED');
    listener.close();
  });
});

describe('a client that does not read its stream', () => {
  const large = prepare({ type: 'ERROR', code: 'x', detail: 'x'.repeat(1_000_000) });

  async function fill() {
    const streams = await openStreams(20);
    const listener = await listenOnSse(streams.url, { token: null, session_id: 'x' });
    listener.pause();
    const connection = streams.connections[0]!;
    let sent = 0;
    await until('it takes nothing for good', async () => {
      const before = connection.taken;
      connection.write({ messages: [large] });
      sent += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return connection.taken === before;
    });
    return { ...streams, listener, connection, sent };
  }

  test('takes nothing, and it is told when it takes again', async () => {
    const { listener, connection, sent } = await fill();
    const before = connection.taken;
    listener.resume();
    await until('it takes', () => connection.taken > before);
    await until('all came', () => listener.messages.length === sent);
    listener.close();
  });

  test('is cut off when it is to end', async () => {
    const { connection, left } = await fill();
    connection.close(4408);
    expect(connection.isOpen()).toBe(false);
    await until('it is gone', () => left() === 1);
  });
});
