/**
 * Asks each peer of a WebSocket server for a sign of life at every interval, and ends those that gave none since the
 * last. Each has its own moment of the interval: ten thousand asked at once, or a hundred, would hold up all that is
 * delivered. Only a pong that holds what its ping held counts, because a peer that reads nothing cannot know it.
 */
import { randomBytes } from 'node:crypto';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Metrics } from '../../infra/telemetry/metrics.ts';

const NONCE_BYTES = 6;
/** No more than this is pings alone, ours and engine.io's: any message is larger. */
const PINGS_BYTES = 64;
/** Moments of an interval, at most, and how long each is at least. */
const MOMENTS = 1_000;
const MOMENT_MS = 3;
/** New peers are looked for so often in an interval: that takes a look at all. */
const LOOKS = 100;

export function keepAlive({ clients }: WebSocketServer, metrics: Metrics, every_ms: number): NodeJS.Timeout {
  /** What a peer was asked: 48 bits, as a number, because a buffer for each of ten thousand is a lot. */
  const unanswered = new WeakMap<WebSocket, number>();
  /** Had more to take at the last interval. */
  const behind = new WeakSet<WebSocket>();
  const moment_ms = Math.max(MOMENT_MS, Math.ceil(every_ms / MOMENTS));
  const count = Math.ceil(every_ms / moment_ms);
  const moments = Array.from({ length: count }, () => new Set<WebSocket>());
  const momentOf = new WeakMap<WebSocket, Set<WebSocket>>();
  let found = 0;
  let now = 0;

  /** The first that is found is asked first, and so on in turn. */
  function lookForNew(): void {
    for (const ws of clients) {
      if (momentOf.has(ws)) continue;
      const moment = moments[(now + found) % count]!;
      found += 1;
      moment.add(ws);
      momentOf.set(ws, moment);
      ws.on('pong', onPong);
      ws.on('close', onClose);
    }
  }

  function ask(ws: WebSocket): void {
    const nonce = randomBytes(NONCE_BYTES);
    unanswered.set(ws, nonce.readUIntBE(0, NONCE_BYTES));
    ws.ping(nonce);
  }

  function onPong(this: WebSocket, held: Buffer): void {
    if (held.length === NONCE_BYTES && unanswered.get(this) === held.readUIntBE(0, NONCE_BYTES))
      unanswered.delete(this);
  }

  function onClose(this: WebSocket): void {
    momentOf.get(this)?.delete(this);
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

  function askThoseOf(moment: Set<WebSocket>): void {
    for (const ws of moment) {
      if (ws.readyState !== ws.OPEN) continue;
      if (!unanswered.has(ws)) ask(ws);
      else if (!isExcused(ws)) end(ws);
    }
  }

  return setInterval(() => {
    if (now % Math.ceil(count / LOOKS) === 0) lookForNew();
    askThoseOf(moments[now]!);
    now = (now + 1) % count;
  }, moment_ms).unref();
}
