/** What one connection can hold: one answer at a time, a few requests ahead of it, and nothing once it is gone. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import express from 'express';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createExpressServer } from '../../src/http/server.ts';
import { closeServer, listen } from '../../src/infra/process/httpServer.ts';
import { serveWithoutUpgrade } from '../../src/relay/transports/serveWithoutUpgrade.ts';
import { get } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, kind } from '../support/stack.ts';
import { dial, expectUnnoticed, startTarget, watchHealth } from '../support/target.ts';

const LARGE = Buffer.alloc(32 * 1024 * 1024, 'x');
const OFFER = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';

describe('a server of ours', () => {
  let server: Server;
  let port: number;
  let underWay = 0;
  let most = 0;
  let served: string[] = [];
  /** Holds answers back while it is there. */
  let held: Promise<void> | undefined;

  beforeEach(async () => {
    underWay = 0;
    most = 0;
    served = [];
    held = undefined;
    const app = express().use(async (req, res) => {
      underWay += 1;
      most = Math.max(most, underWay);
      served.push(req.url);
      res.once('close', () => {
        underWay -= 1;
      });
      await held;
      if (req.url === '/large') res.send(LARGE);
      else if (req.url === '/events') res.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(LARGE);
      else setImmediate(() => res.send(`this is ${req.url}`));
    });
    server = createExpressServer(app);
    server.on('upgrade', (req, socket, head) => serveWithoutUpgrade(server, req, socket, head));
    port = await listen(server, '127.0.0.1', 0, 0);
    // Who reads slowly reads more often than that, also where a busy machine stands still for a while.
    Object.assign(server, { unreadTimeout: 2_000 });
  });

  afterEach(() => closeServer(server));

  const ask = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
  const many = (count: number, more = '') => Array.from({ length: count }, (_, i) => ask(`/${i}`, more)).join('');
  const bodies = (text: string) => text.match(/this is \/\d+/g) ?? [];
  const expected = (count: number) => Array.from({ length: count }, (_, i) => `this is /${i}`);

  test('serves requests that were sent together one after the other, in their order', async () => {
    const { socket, closed } = dial(port);
    socket.write(many(10) + ask('/10', 'Connection: close\r\n'));
    expect(bodies(await closed)).toEqual(expected(11));
    expect(most).toBe(1);
  });

  test('serves the first few of many and says that the connection ends with them', async () => {
    const { socket, closed } = dial(port);
    socket.write(many(40));
    const text = await closed;
    expect(bodies(text)).toEqual(expected(17));
    expect(text.match(/Connection: close/g)).toHaveLength(1);
    expect(served).toHaveLength(17);
  });

  test('cuts whoever sends requests by the hundred, and nothing of theirs is served or kept', async () => {
    const { socket, closed } = dial(port);
    socket.write(many(1_400));
    expect(bodies(await closed)).toEqual([]);
    await until('nothing is under way', () => underWay === 0);
    expect(served).toHaveLength(1);
  });

  test('forgets what waits behind an answer whose connection is gone', async () => {
    let release = () => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    const { socket, closed } = dial(port);
    socket.write(many(10));
    await until('the first is served', () => served.length === 1);
    socket.destroy();
    await closed;
    await until('it has ended', () => underWay === 0);
    release();
    expect((await get(`http://127.0.0.1:${port}`, '/99', null)).status).toBe(200);
    expect(served).toEqual(['/0', '/99']);
  });

  test('ends an answer that nobody reads, whatever else is sent, and leaves one that is read slowly, and a stream', async () => {
    const [silent, chatty, slow, stream] = [dial(port), dial(port), dial(port), dial(port)];
    for (const { socket } of [silent, chatty]) socket.pause().write(ask('/large'));
    stream.socket.pause().write(ask('/events'));
    const drip = setInterval(() => chatty.socket.write('\r\n'), 100);
    let read = 0;
    slow.socket.pause().write(ask('/large', 'Connection: close\r\n'));
    const sip = setInterval(() => {
      read += slow.socket.read(256 * 1024)?.length ?? slow.socket.read()?.length ?? 0;
    }, 50);
    await until('all are served', () => served.length === 4);
    expect(underWay).toBe(4);
    await until('two of four are ended', () => underWay === 2, 25_000);
    expect(slow.socket.destroyed).toBe(false);
    clearInterval(sip);
    clearInterval(drip);
    slow.socket.resume();
    const rest = await slow.closed;
    expect(read + rest.length).toBeGreaterThan(LARGE.length);
    for (const { socket } of [silent, chatty, stream]) socket.destroy();
  });

  test('answers offers of another protocol that were sent together, and closes where that was asked for', async () => {
    const { socket, closed } = dial(port);
    const last = OFFER.replace('Upgrade,', 'close, Upgrade,');
    socket.write(many(10, OFFER) + ask('/10', last));
    const text = await closed;
    expect(bodies(text)).toEqual(expected(11));
  });

  test('goes on with a long answer behind which another protocol is offered', async () => {
    const { socket, closed } = dial(port);
    socket.write(ask('/large') + ask('/1', OFFER) + ask('/2', 'Connection: close\r\n'));
    expect(bodies(await closed)).toEqual(['this is /1', 'this is /2']);
  });

  test('that closes answers what has arrived, and says so with the last of it', async () => {
    let release = () => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    const { socket, closed } = dial(port);
    socket.write(many(3));
    await until('the first is served', () => served.length === 1);
    // The others have been read with it.
    await once(server, 'connection', { signal: AbortSignal.timeout(100) }).catch(() => {});
    const ended = closeServer(server);
    release();
    await ended;
    expect(bodies(await closed).length).toBeGreaterThan(0);
  });
});

describe.skipIf(isLeftOut || !isEverything)(`thousands of requests on connections that hang up, ${kind}`, () => {
  test('leave nothing in memory, and nobody beside them notices', async () => {
    const target = await startTarget();
    const externalMiB = async () => {
      const { body } = await get(target.url, '/metrics', null);
      return Number(/^nodejs_external_memory_bytes (\S+)/m.exec(body.text)![1]) / 1024 ** 2;
    };
    const ask = 'GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n';
    await fetch(`${target.url}/api/openapi.json`).then((answer) => answer.text());
    const before = await externalMiB();
    const health = await watchHealth(target.url);
    for (let round = 0; round < 3; round++) {
      const wires = Array.from({ length: 40 }, () => dial(target.port));
      for (const { socket } of wires) socket.pause();
      for (const { socket } of wires.slice(0, 3)) socket.write(ask.repeat(1_400));
      for (const { socket } of wires.slice(3)) socket.write(ask.repeat(16));
      // What they are owed lies in the kernel by now, or waits.
      await health.seen(20);
      for (const { socket } of wires) socket.destroy();
    }
    await expectUnnoticed(health);
    // It would be 2 GB; what is garbage already may stay for a while.
    await until('what was held is free', async () => (await externalMiB()) - before < 150, 20_000);
    await target.expectUnharmed();
  });
});
