/**
 * What leaves on each wire, with ready frames beneath ws and without them: every message whole and in its order, with
 * pings, pongs and goodbyes between them, however much there is and however slowly the other side takes it.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import type { Admit } from '../../src/relay/listeners/admission.ts';
import { createFloodgate } from '../../src/relay/transports/floodgate.ts';
import { canWriteBeneath } from '../../src/relay/transports/readyFrames.ts';
import { createSocketIo } from '../../src/relay/transports/socketio.ts';
import { createWebSockets } from '../../src/relay/transports/websocket.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { until } from '../support/processes.ts';
import { admittedTo } from './modelClient.ts';
import { chain, createWorld, session_id, type World } from './simulation.ts';

const log = pino({ level: 'silent' });
/** Small, large and very large ones, on both sides of each length that a frame's header knows. */
const SIZES = [1, 10, 300, 2_000, 20_000, 70_000];
const FUTURE = chain(1_600, undefined, (i) =>
  'ü'.repeat(i % 100 === 7 ? SIZES[((i / 100) % SIZES.length) | 0]! : i % 50),
);
const BEGINNING = 1_400;

const admit: Admit = async (request) => admittedTo(session_id, request.lastSequence());

test('ws writes whole frames at once, so that ready ones may be written between them', () => {
  expect(canWriteBeneath()).toBe(true);
});

describe.each([
  ['ready frames beneath ws', true],
  ['everything through ws and engine.io', false],
])('with %s', (_, isWrittenBeneath) => {
  let world: World;
  let server: Server;
  let url: string;
  let isPingedBeneath: () => number;

  beforeEach(async () => {
    world = createWorld({ future: FUTURE, committed: BEGINNING, random: () => 0.5, maxReplay: 0, withHeadCheck: true });
    const { listeners } = world;
    const Floodgate = createFloodgate(createMetrics(), { pingEvery_ms: 1_000, isWrittenBeneath });
    let beneath = 0;
    const { socketBeneath } = Floodgate;
    Floodgate.socketBeneath = (ws) => {
      const socket = socketBeneath(ws);
      if (socket) beneath += 1;
      return socket;
    };
    isPingedBeneath = () => beneath;
    const realAddress = () => '127.0.0.1';
    const options = {
      receptions: { '/live': { admit, listeners } },
      floodgate: Floodgate,
      isLetIn: () => true,
      realAddress,
      log,
    };
    const webSockets = createWebSockets(options);
    const socketIo = createSocketIo(options);
    server = createServer();
    socketIo.attach(server);
    server.on('upgrade', (req, socket, head) => {
      if (req.url!.startsWith('/live/ws/'))
        void webSockets.upgrade(req, socket, head, { namespace: '/live', session_id });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return () => {
      webSockets.close();
      socketIo.close();
      world.end();
      server.close();
    };
  });
  afterEach(() => void server.closeAllConnections());

  const events = FUTURE.map((event) => ({ ...event }));
  const TRANSPORTS: Record<string, (last_sequence: number) => Promise<Listener>> = {
    websocket: (last_sequence) => listenOnWebSocket(url, { token: '', session_id, last_sequence }),
    'socket.io': (last_sequence) => listenOnSocketIo(url, { token: '', session_id, last_sequence }),
    'socket.io by websocket alone': (last_sequence) =>
      listenOnSocketIo(url, { token: '', session_id, last_sequence }, ['websocket']),
    'socket.io by polling alone': (last_sequence) =>
      listenOnSocketIo(url, { token: '', session_id, last_sequence }, ['polling']),
  };

  test.each(Object.entries(TRANSPORTS))('%s has all of it, old and new, and answers between', async (name, listen) => {
    const listener = await listen(0);
    for (let n = 0; n < 100; n += 1) {
      world.append(2);
      if (n % 10 === 0) listener.send({ type: 'PING' });
      if (n % 25 === 0) await listener.until(({ type }) => type === 'PONG');
    }
    await listener.until(({ type, event_sequence }) => type === 'EVENT' && event_sequence === 1_600);
    expect(listener.messages[0]).toMatchObject({ type: 'WELCOME', mode: 'delta' });
    expect(listener.events()).toEqual(events);
    expect(isPingedBeneath() > 0).toBe(isWrittenBeneath && name !== 'socket.io by polling alone');
    listener.close();
  });

  test('a peer that stops reading for a while has all of it afterwards', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/live/ws/${session_id}?last_sequence=0`);
    const sequences: number[] = [];
    socket.on('message', (data) => {
      const { type, event_sequence } = JSON.parse(String(data));
      if (type === 'EVENT') sequences.push(event_sequence);
      if (sequences.length % 200 !== 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), 30);
    });
    await until('it has all', () => sequences.length === BEGINNING);
    expect(sequences).toEqual(Array.from({ length: BEGINNING }, (__, i) => i + 1));
    socket.terminate();
  });
});
