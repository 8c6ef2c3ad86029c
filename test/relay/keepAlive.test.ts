/** Each peer is asked for a sign of life at a moment of its own, once in an interval. */
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { keepAlive } from '../../src/relay/transports/keepAlive.ts';

const EVERY_MS = 25_000;
const PEERS = 1_000;

class Peer extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  pings = 0;
  readonly answers: boolean;

  constructor(answers: boolean) {
    super();
    this.answers = answers;
  }

  ping(held: Buffer): void {
    this.pings += 1;
    if (this.answers) this.emit('answering', held);
  }

  terminate(): void {
    this.readyState = 3;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a crowd is asked a few at a time, each once in an interval, and those that give no sign are ended', async () => {
  const peers = Array.from({ length: PEERS }, (_, n) => new Peer(n % 10 !== 0));
  for (const peer of peers) peer.on('answering', (held) => setTimeout(() => peer.emit('pong', held), 20));
  const timer = keepAlive({ clients: new Set(peers) } as never, createMetrics(), EVERY_MS);
  const asked = () => peers.reduce((sum, { pings }) => sum + pings, 0);
  let most = 0;
  for (let ms = 0; ms < EVERY_MS; ms += 25) {
    const before = asked();
    await vi.advanceTimersByTimeAsync(25);
    most = Math.max(most, asked() - before);
  }
  expect(most).toBe(PEERS / 1_000);
  expect(peers.map(({ pings }) => pings)).toEqual(peers.map(() => 1));
  expect(peers.filter(({ readyState }) => readyState !== 1)).toEqual([]);
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  expect(peers.map(({ readyState }) => readyState === 1)).toEqual(peers.map(({ answers }) => answers));
  expect(peers.map(({ pings }) => pings)).toEqual(peers.map(({ answers }) => (answers ? 2 : 1)));
  clearInterval(timer);
});
