/** Clients that dawdle, or send more than anybody needs, are sent away; those beside them are served. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { createExpressServer } from '../../src/http/server.ts';
import { closeServer, giveTime, LIMITS, listen } from '../../src/infra/process/httpServer.ts';

/** Idle for longer than a busy machine stands still. */
const FILE_TIME = { idle_ms: 1_500, most_ms: 6_000 };
const SHORT = { headersTimeout: 300, requestTimeout: 900, keepAliveTimeout: 500 };

describe('a server of ours', () => {
  let server: Server;
  let port: number;
  const sockets: Socket[] = [];

  const open = async (limits: object = SHORT) => {
    const app = express().use((req, res) => {
      if (req.url === '/file') giveTime(req, FILE_TIME);
      req.resume().on('end', () => res.json({ served: true }));
    });
    server = createExpressServer(app);
    port = await listen(server, '127.0.0.1', 0, 0);
    Object.assign(server, limits);
  };

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await closeServer(server);
  });

  /** A connection with all that came over it until it was closed. */
  const dial = async () => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes;
    });
    socket.on('error', () => {});
    const closed = once(socket, 'close').then(() => text);
    await once(socket, 'connect');
    return { socket, closed };
  };

  test('waits ten seconds for headers and half a minute for a request, whichever server it is', async () => {
    await open({});
    expect(LIMITS).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000 });
    expect(server).toMatchObject(LIMITS);
  });

  test('ends connections whose headers trickle in, and serves others meanwhile', async () => {
    await open();
    const slow = await Promise.all(Array.from({ length: 20 }, dial));
    const drips = slow.map(({ socket }) => {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
      return setInterval(() => socket.write('X-Drip: 1\r\n'), 50);
    });
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    const answers = await Promise.all(slow.map(({ closed }) => closed));
    for (const drip of drips) clearInterval(drip);
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });

  test('ends connections that say nothing at all', async () => {
    await open();
    const { closed } = await dial();
    expect(await closed).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  test('ends requests whose body never ends', async () => {
    await open();
    const { socket, closed } = await dial();
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n');
    const drip = setInterval(() => socket.write('a'), 50);
    expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
  });

  const FILE = 'POST /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 40\r\n\r\n';

  test('takes its time for a file, as long as something of it comes', async () => {
    await open();
    const { socket, closed } = await dial();
    socket.write(FILE);
    const drip = setInterval(() => socket.write('a'), 60);
    expect(await closed).toMatch(/^HTTP\/1\.1 200 /);
    clearInterval(drip);
  });

  test('ends a file of which nothing comes any more, and one that never ends', async () => {
    await open();
    const [idle, endless] = [await dial(), await dial()];
    // Who is still sending is reset.
    const [idleEnd, endlessEnd] = [idle, endless].map(({ closed }) => closed.catch(({ code }) => code));
    idle.socket.write(`${FILE}a`);
    endless.socket.write(FILE.replace('40', '1000'));
    const drip = setInterval(() => endless.socket.write('a'), 60);
    const started = performance.now();
    expect(await idleEnd).toBe('');
    expect(performance.now() - started).toBeLessThan(FILE_TIME.most_ms - 500);
    expect(await endlessEnd).toMatch(/^(|ECONNRESET|EPIPE)$/);
    expect(performance.now() - started).toBeGreaterThan(FILE_TIME.most_ms - 500);
    clearInterval(drip);
  });

  test('keeps a connection for the next request, for a while', async () => {
    await open();
    const { socket, closed } = await dial();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await closed).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  test('takes no more header lines than anybody sends, and no header without end', async () => {
    await open();
    const { socket, closed } = await dial();
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`);
    expect(await closed).toMatch(/^HTTP\/1\.1 431 /);
  });
});
