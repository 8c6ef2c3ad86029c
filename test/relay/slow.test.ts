/** Listeners that do not read: little is kept for them, they are told from those that do, and they do not stay for ever. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { CLOSE, type Message } from '../../src/relay/listeners/messages.ts';
import { Outlet, type Wire } from '../../src/relay/listeners/outlet.ts';
import { type Batch, prepare } from '../../src/relay/listeners/prepared.ts';
import { createReaders } from '../../src/relay/rooms/readers.ts';
import { createFloodgate } from '../../src/relay/transports/floodgate.ts';
import { type Cast, cast, get, type Json, must, openSession, post } from '../support/client.ts';
import { someOf } from '../support/everything.ts';
import { connectPacket, flood, frame, OPCODE, pathOf } from '../support/flood.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const MB = 2 ** 20;
const PING_EVERY_MS = 100;

describe.skipIf(isLeftOut)(`forty listeners that never read, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });
  afterAll(() => stack.stop());

  test.each(someOf(['websocket', 'socket.io'] as const))(
    'on %s hold little of a hundred large events',
    async (transport) => {
      const { session_id, path } = await openSession(stack.url, people);
      const { token } = people.student;
      const reader = await listenOnWebSocket(stack.relayUrl, { token, session_id, last_sequence: 0 });
      const before = memory();
      let end = () => {};
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      const silent = flood({
        url: stack.relayUrl,
        path: pathOf[transport](token, session_id),
        ...(transport === 'socket.io' && { opening: connectPacket(token, session_id) }),
        welcome: transport === 'socket.io' ? 'SYNCED' : 'WELCOME',
        chunk: Buffer.alloc(0),
        sockets: 40,
        reads: false,
        ms: 90_000,
        until: ended,
      });
      await until('all are there', async () => (await listeners()) >= 41);
      const details = { text: 'x'.repeat(60_000) };
      const sent = Array.from({ length: 100 }, () =>
        must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details })),
      );
      await Promise.all(sent);
      await reader.until(({ type, event_sequence }) => type === 'EVENT' && event_sequence === 102);
      // Forty times six megabytes, if all of it were kept.
      expect(memory() - before).toBeLessThan(80 * MB);
      expect(await must(get(stack.url, `${path}/verify`, people.admin))).toMatchObject({ is_valid: true });
      reader.close();
      end();
      await silent;
    },
  );

  test('and pages and rings end by size, so that whoever comes late gets all of it piece by piece', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const details = { text: 'x'.repeat(60_000) };
    for (let n = 0; n < 20; n += 1) {
      await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details }));
    }
    const { readEvents, readLatest } = createReaders(stack.pool, async () => 0);
    const sequencesOf = (events: { event_sequence: number }[]) => events.map(({ event_sequence }) => event_sequence);
    expect(sequencesOf(await readEvents(session_id, 10, 500))).toEqual([11, 12, 13, 14, 15]);
    expect(sequencesOf(await readEvents(session_id, 22, 500))).toEqual([]);
    expect(sequencesOf((await readLatest(session_id, 500, 100_000)).events)).toEqual([21, 22]);
    expect(sequencesOf((await readLatest(session_id, 500, 1)).events)).toEqual([22]);
    const late = await listenOnWebSocket(stack.relayUrl, { token: people.student.token, session_id, last_sequence: 0 });
    await late.until(({ type }) => type === 'SYNCED');
    const { logs } = await must(get(stack.url, `${path}/logs`, people.admin));
    expect(late.events().slice(0, logs.length)).toEqual(logs);
    expect(late.events()).toHaveLength(22);
    late.close();
  });

  /** On all relays. */
  async function listeners(): Promise<number> {
    const counts = await Promise.all(stack.backbones.map(({ metrics }) => metrics.connections.get()));
    return counts.flatMap(({ values }) => values).reduce((sum, { value }) => sum + value, 0);
  }
});

/** What the buffers and the heap of this process hold, without what nobody needs any more. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { external, heapUsed } = process.memoryUsage();
  return external + heapUsed;
}

/** Nothing but the gate, and an honest client of it. */
async function openGate(pingEvery_ms: number) {
  const Floodgate = createFloodgate(createMetrics(), { pingEvery_ms });
  const gate = new Floodgate({ noServer: true });
  const sockets: Socket[] = [];
  const server = createServer().on('upgrade', (req, socket, head) => {
    sockets.push(socket as Socket);
    gate.handleUpgrade(req, socket, head, () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const honest = new WebSocket(`ws://127.0.0.1:${port}`);
  await once(honest, 'open');
  const raw = () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    return socket;
  };
  const close = () => {
    honest.terminate();
    for (const ws of gate.clients) ws.terminate();
    gate.close();
    server.close();
  };
  return { honest, raw, sockets, gate, close };
}

test('a socket that floods is read no further, until its window is over', async () => {
  const { raw, honest, sockets, close } = await openGate(60_000);
  const flooder = raw();
  await once(flooder, 'data');
  flooder.write(Buffer.concat(Array(500_000).fill(frame('', OPCODE.pong))));
  const attacked = sockets[1]!;
  const roundTrip = async () => {
    honest.ping();
    await once(honest, 'pong');
  };
  await until('it is read', () => attacked.bytesRead > 65_536);
  await roundTrip();
  const read = attacked.bytesRead;
  for (let n = 0; n < 20; n += 1) await roundTrip();
  expect(attacked.bytesRead).toBe(read);
  expect(read).toBeLessThan(262_144);
  await until('it is read again', () => attacked.bytesRead > read);
  flooder.destroy();
  close();
});

test('a pong counts only from a peer that read its ping', async () => {
  // Beats come from this test alone, each after every answer to the one before has arrived.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { raw, honest, gate, close } = await openGate(PING_EVERY_MS);
  const deaf = raw();
  await once(deaf, 'data');
  const answered = Promise.all([...gate.clients].map((ws) => once(ws, 'pong')));
  vi.advanceTimersByTime(PING_EVERY_MS);
  deaf.write(frame('alive', OPCODE.pong));
  await answered;
  const pingedAgain = once(honest, 'ping');
  vi.advanceTimersByTime(PING_EVERY_MS);
  deaf.resume();
  await Promise.all([once(deaf, 'close'), pingedAgain]);
  expect(gate.clients.size).toBe(1);
  expect(honest.readyState).toBe(WebSocket.OPEN);
  close();
});

describe('a connection that takes nothing', () => {
  function stalled() {
    const messages: Json[] = [];
    const closedWith: number[] = [];
    let takes = false;
    const wire: Wire = {
      write(batch) {
        messages.push(...batch.messages.map(({ text }) => JSON.parse(text)));
        return takes;
      },
      close: (code) => void closedWith.push(code),
      isOpen: () => closedWith.length === 0,
    };
    const outlet = new Outlet(wire, createMetrics(), { onFree() {} });
    outlet.welcome([prepare({ type: 'SYNCED', event_sequence: 0 })]);
    messages.length = 0;
    const take = () => {
      takes = true;
      outlet.onTaken();
    };
    return { outlet, messages, closedWith, take };
  }
  const pong = (timestamp: string): Message => ({
    type: 'PONG',
    timestamp,
    head: { event_sequence: 0, event_hash: '' },
  });
  const error = (code: string): Message => ({ type: 'ERROR', code, detail: '' });

  test('is owed one message of a kind, the latest, and gets them when it takes again', () => {
    const { outlet, messages, take } = stalled();
    for (let n = 1; n <= 10_000; n += 1) outlet.send(pong(String(n)));
    outlet.send(error('bad_message'));
    for (let n = 1; n <= 3; n += 1) outlet.send(error('message_rate'));
    expect(messages).toEqual([]);
    expect(outlet.waiting()).toBe(3);
    take();
    expect(messages).toEqual([pong('10000'), error('bad_message'), error('message_rate')]);
    expect(outlet.waiting()).toBe(0);
  });

  test('is owed the latest of presence alone', () => {
    const { outlet, messages, take } = stalled();
    const presence = (listeners: number): Message => ({ type: 'PRESENCE', listeners, participants: [] });
    for (let n = 1; n <= 100; n += 1) outlet.owe('PRESENCE', () => prepare(presence(n)));
    take();
    expect(messages).toEqual([presence(100)]);
  });

  test('is told why it is closed all the same, and nothing after that', () => {
    const { outlet, messages, closedWith, take } = stalled();
    outlet.send(pong('1'));
    outlet.close(CLOSE.scope, error('not_found'));
    outlet.close(CLOSE.slow, error('slow'));
    take();
    outlet.send(pong('2'));
    expect(messages).toEqual([error('not_found')]);
    expect(closedWith).toEqual([CLOSE.scope]);
  });

  test('hears nothing before WELCOME but what is wrong', () => {
    const messages: Json[] = [];
    const write = (batch: Batch) => {
      messages.push(...batch.messages.map(({ text }) => JSON.parse(text)));
      return true;
    };
    const outlet = new Outlet({ write, close: () => {}, isOpen: () => true }, createMetrics(), { onFree() {} });
    outlet.send(pong('1'));
    outlet.send(error('bad_message'));
    expect(messages.map(({ type }) => type)).toEqual(['ERROR']);
    outlet.welcome([prepare({ type: 'SYNCED', event_sequence: 7 })]);
    expect(messages.map(({ type }) => type)).toEqual(['ERROR', 'SYNCED', 'PONG']);
  });
});
