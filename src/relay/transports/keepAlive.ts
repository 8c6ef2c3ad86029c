/**
 * Asks each peer of a WebSocket server for a sign of life at every interval, and ends those that gave none since the
 * last. Each has its own moment of the interval: ten thousand asked at once would hold up all that is delivered. Only a pong that holds what its ping held counts, because a peer that reads nothing cannot know it.
 */
import { randomBytes } from 'node:crypto';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Metrics } from '../../infra/telemetry/metrics.ts';

const NONCE_BYTES = 6;
/** No more than this is pings alone, ours and engine.io's: any message is larger. */
const PINGS_BYTES = 64;
/** Moments of an interval. */
const MOMENTS = 100;

export function keepAlive({ clients }: WebSocketServer, metrics: Metrics, every_ms: number): NodeJS.Timeout {
  /** What a peer was asked: 48 bits, as a number, because a buffer for each of ten thousand is a lot. */
  const unanswered = new WeakMap<WebSocket, number>();
  const listening = new WeakSet<WebSocket>();
  /** Had more to take at the last interval. */
  const behind = new WeakSet<WebSocket>();
  const moments = new WeakMap<WebSocket, number>();
  let found = 0;
  let now = 0;

  /** The first that is found is asked first, and so on in turn. */
  function momentOf(ws: WebSocket): number {
    let moment = moments.get(ws);
    if (moment === undefined) {
      moment = found % MOMENTS;
      found += 1;
      moments.set(ws, moment);
    }
    return moment;
  }

  function ask(ws: WebSocket): void {
    const nonce = randomBytes(NONCE_BYTES);
    unanswered.set(ws, nonce.readUIntBE(0, NONCE_BYTES));
    ws.ping(nonce);
    if (listening.has(ws)) return;
    listening.add(ws);
    ws.on('pong', onPong);
  }

  function onPong(this: WebSocket, held: Buffer): void {
    if (held.length === NONCE_BYTES && unanswered.get(this) === held.readUIntBE(0, NONCE_BYTES))
      unanswered.delete(this);
  }

  function end(ws: WebSocket): void {
    metrics.closedSockets.inc({ reason: 'silent' });
    ws.terminate();
  }

  /** A ping waits behind a message that is not taken yet: a listener that takes nothing is ended for that. */
  function isExcused(ws: WebSocket): boolean {
    const isBehind = ws.bufferedAmount > PINGS_BYTES;
    if (!isBehind) return behind.delete(ws);
    behind.add(ws);
    return true;
  }

  return setInterval(() => {
    for (const ws of clients) {
      if (ws.readyState !== ws.OPEN || momentOf(ws) !== now) continue;
      if (!unanswered.has(ws)) ask(ws);
      else if (!isExcused(ws)) end(ws);
    }
    now = (now + 1) % MOMENTS;
  }, every_ms / MOMENTS).unref();
}
