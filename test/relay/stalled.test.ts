/**
 * Sockets that stop reading through many thousand events: what the process holds stays as it is, others miss nothing, and those
 * that read again are told what they missed.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { backpressureOf } from '../../src/relay/listeners/backpressure.ts';
import { createFloodgate } from '../../src/relay/transports/floodgate.ts';
import { createSocketIo } from '../../src/relay/transports/socketio.ts';
import { createWebSockets } from '../../src/relay/transports/websocket.ts';
import type { Json } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { until } from '../support/processes.ts';
import { admittedTo } from './modelClient.ts';
import { chain, createWorld, session_id } from './simulation.ts';

const MB = 2 ** 20;
const EVENTS = isEverything ? 30_000 : 12_000;
const STALLED = 10;

async function serve() {
  const log = pino({ level: 'silent' });
  // Of 400 bytes and more: the payload is what is left beside hashes and ids.
  const future = chain(EVENTS + 1, undefined, () => 'x'.repeat(100));
  const slow = { WS_MAX_QUEUE: 100, WS_OVERFLOW_ACTION: 'drop_oldest' as const };
  const world = createWorld({ future, committed: 1, random: () => 0.5, maxReplay: 0, withHeadCheck: true, slow });
  const { listeners } = world;
  const admit = async () => admittedTo(session_id, 1);
  const floodgate = createFloodgate(createMetrics());
  const options = {
    receptions: { '/live': { admit, listeners } },
    floodgate,
    isLetIn: () => true,
    realAddress: () => '127.0.0.1',
    log,
  };
  const webSockets = createWebSockets(options);
  const socketIo = createSocketIo(options);
  const server = createServer();
  socketIo.attach(server);
  server.on('upgrade', (req, socket, head) => {
    if (req.url!.startsWith('/live/ws/'))
      void webSockets.upgrade(req, socket, head, { namespace: '/live', session_id });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    webSockets.close();
    socketIo.close();
    world.end();
    server.close();
    server.closeAllConnections();
  });
  return { world, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** @returns what counts its events and keeps its other messages */
async function listen(url: string, transport: 'websocket' | 'socket.io') {
  const path = transport === 'websocket' ? `/live/ws/${session_id}` : '/socket.io/?EIO=4&transport=websocket';
  const socket = new WebSocket(url + path);
  const heard = { last: 1, others: [] as Json[], faults: 0 };
  socket.on('message', (data) => {
    const text = String(data);
    if (text.startsWith('0')) socket.send('40/live,{}');
    const begin = transport === 'websocket' ? 0 : text.indexOf('{"type"');
    if (begin < 0 || !text.startsWith('{"type"', begin)) return;
    const message = JSON.parse(transport === 'websocket' ? text : text.slice(begin, -1)) as Json;
    if (message.type !== 'EVENT') heard.others.push(message);
    if (message.type === 'RESYNC') heard.last = message.to;
    if (message.type !== 'EVENT') return;
    if (message.event_sequence !== heard.last + 1) heard.faults += 1;
    heard.last = message.event_sequence;
  });
  await until('it is level', () => heard.others.some(({ type }) => type === 'SYNCED'));
  return { socket, heard };
}

/** What buffers and heap hold that is still needed. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { external, heapUsed } = process.memoryUsage();
  return (external + heapUsed) / MB;
}

test('ten sockets that do not read cost nothing that grows', { timeout: 300_000 }, async () => {
  const { world, url } = await serve();
  const healthy = await listen(url, 'websocket');
  const stalled = await Promise.all(
    Array.from({ length: STALLED }, (_, n) => listen(url, n % 2 === 0 ? 'websocket' : 'socket.io')),
  );
  for (const { socket } of stalled) socket.pause();
  const held: number[] = [];
  for (let sequence = 1; sequence <= EVENTS; sequence += 50) {
    world.append(50);
    await until(`${sequence} came`, () => healthy.heard.last >= Math.min(EVENTS, sequence + 49));
    if ((sequence - 1) % (EVENTS / 6) === 0) held.push(memory());
  }
  held.push(memory());
  const pressure = backpressureOf(world.listeners.guests.all(), 0);
  expect(pressure.active_queues).toBe(STALLED);
  expect(pressure.max_queue_size).toBeGreaterThan(1_000);
  // The room's own events are there by the third reading, and each socket has its one batch. What grows is in each later one.
  expect(Math.min(...held.slice(5)) - held[3]!, `${held.map(Math.round)} MB`).toBeLessThan(8);
  expect(healthy.heard.faults).toBe(0);

  for (const { socket } of stalled) socket.resume();
  for (const { socket, heard } of stalled) {
    await until('the newest came', () => heard.last === EVENTS + 1);
    const resyncs = heard.others.filter(({ type }) => type === 'RESYNC');
    expect(resyncs).toHaveLength(1);
    expect(resyncs[0]).toMatchObject({ reason: 'slow', to: EVENTS + 1 - 100 });
    expect(heard.faults).toBe(0);
    socket.terminate();
  }
});
