/** Ports that are taken, and a crowd that connects while the process is busy: it is let wait, not turned away. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { closeServer, listen } from '../../src/infra/process/httpServer.ts';

const CROWD = 700;
const WITHIN_MS = 30_000;

/** Connects them all, and says in the shared number how many are. */
const CONNECT = `
  const { workerData } = require('node:worker_threads');
  const { connect } = require('node:net');
  const connected = new Int32Array(workerData.shared);
  for (let i = 0; i < workerData.crowd; i += 1) {
    connect(workerData.port, '127.0.0.1').on('error', () => {}).on('connect', () => {
      if (Atomics.add(connected, 0, 1) + 1 === workerData.crowd) Atomics.notify(connected, 0);
    });
  }`;

test.runIf(mostWaiting() > CROWD)('more than 511 that connect at once all wait to be taken', async () => {
  const server = createServer();
  const port = await listen(server, '127.0.0.1', 0, 0);
  const shared = new SharedArrayBuffer(4);
  const connected = new Int32Array(shared);
  const crowd = new Worker(CONNECT, { eval: true, workerData: { port, crowd: CROWD, shared } });
  try {
    // This thread takes none of them meanwhile.
    const end = performance.now() + WITHIN_MS;
    for (let count = 0; count < CROWD && performance.now() < end; count = Atomics.load(connected, 0)) {
      Atomics.wait(connected, 0, count, 100);
    }
    expect(Atomics.load(connected, 0)).toBe(CROWD);
  } finally {
    await crowd.terminate();
    await closeServer(server);
  }
});

test('a usual port in use gives way, a port asked for does not', async () => {
  const [first, second, third] = [createServer(), createServer(), createServer()];
  const taken = await listen(first, '127.0.0.1', 0, 0);
  const other = await listen(second, '127.0.0.1', undefined, taken);
  expect(other).not.toBe(taken);
  expect(second.listening).toBe(true);
  await expect(listen(third, '127.0.0.1', taken, 0)).rejects.toThrow(`port ${taken} is in use`);
  expect(third.listening).toBe(false);
  await Promise.all([first, second].map(closeServer));
});

/** What the system allows; 0 where that cannot be read. */
function mostWaiting(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  } catch {
    return 0;
  }
}
