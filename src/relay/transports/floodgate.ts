/**
 * The gate before every WebSocket, whatever is spoken on it. It stands between the kernel and the parser and counts
 * frames by their headers: what is too many is left out unparsed, and when that is much too, the socket is not read until
 * its window is over, so that the kernel pushes back. Whoever floods a third window is closed. It also asks each peer
 * for a sign of life, which only one that reads can give.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { CLOSE, MAX_UNSENT_BYTES, REASONS } from '../listeners/messages.ts';
import { createFrames, type Frame, OPCODE } from './frames.ts';
import { createWindow } from './window.ts';

/** Of all kinds in one window: the messages a client may send, their fragments, pings, and room to be told of too many. */
const MAX_FRAMES = 64;
/** So much of what is left out is read in one window. */
const MAX_LEFT_OUT_BYTES = 65_536;
/** A socket that floods rests until its window is over and so much longer, so that its messages' own is over too. */
const REST_MS = 1_000;
/** Messages have ended the connection in the second; these are other frames. */
const MAX_FLOODS = 2;
/** Beyond it the connection ends with 1009; up to it a message is refused by itself. */
const MAX_PAYLOAD_BYTES = 65_536;
const MAX_FRAGMENTS = 16;
/** A message may come byte by byte, and each of its pieces costs far more than it holds. */
const MAX_PIECES = 256;
/** How long a peer may take to say goodbye. */
const CLOSE_WITHIN_MS = 2_000;
const PING_EVERY_MS = 25_000;
const NONCE_BYTES = 8;
const NOTHING = Buffer.alloc(0);

const LIMITS = {
  maxPayload: MAX_PAYLOAD_BYTES,
  maxFragments: MAX_FRAGMENTS,
  maxBufferedChunks: MAX_PIECES,
  closeTimeout: CLOSE_WITHIN_MS,
  perMessageDeflate: false,
  clientTracking: true,
};

interface Gate {
  /** What came with the upgrade. */
  head: Buffer;
  guard(ws: WebSocket): void;
}

/** A class, because socket.io wants one of which to make its own server. */
export type Floodgate = ReturnType<typeof createFloodgate>;

export function createFloodgate(metrics: Metrics, pingEvery_ms = PING_EVERY_MS) {
  return class extends WebSocketServer {
    readonly #gates = new WeakMap<Duplex, Gate>();
    readonly #keepalive: NodeJS.Timeout;

    constructor(options: ServerOptions) {
      super({ ...options, ...LIMITS });
      this.#keepalive = keepAlive(this, metrics, pingEvery_ms);
    }

    /** To be called as soon as an upgrade is asked for, where it is not answered at once. */
    gate(socket: Duplex, head: Buffer): void {
      this.#gates.set(socket, openGate(socket, head, metrics));
    }

    override handleUpgrade(
      req: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      callback: (ws: WebSocket, req: IncomingMessage) => void,
    ): void {
      if (!this.#gates.has(socket)) this.gate(socket, head);
      const gate = this.#gates.get(socket)!;
      super.handleUpgrade(req, socket, gate.head, (ws, request) => {
        gate.guard(ws);
        callback(ws, request);
      });
    }

    override close(onClosed?: (error?: Error) => void): void {
      clearInterval(this.#keepalive);
      super.close(onClosed);
    }
  };
}

function openGate(socket: Duplex, head: Buffer, metrics: Metrics): Gate {
  const frames = createWindow();
  const filter = createFrames(isLet);
  let leftOut = 0;
  let floods = 0;
  let isMessageLet = true;
  let hasSaidGoodbye = false;
  let isResting = false;
  let ws: WebSocket | undefined;

  function isLet({ opcode, length }: Frame): boolean {
    const isOpen = !ws || ws.readyState === ws.OPEN;
    if (opcode === OPCODE.close) return isFirstGoodbye();
    const nth = frames.count();
    if (nth === 1) leftOut = 0;
    if (nth === MAX_FRAMES + 1) onFlood();
    // Its header is all that the parser needs to end the connection.
    if (length > MAX_PAYLOAD_BYTES) return isOpen;
    // A message's fragments share its fate.
    if (opcode === OPCODE.continuation) return isOpen && isMessageLet;
    const isWithin = isOpen && nth <= MAX_FRAMES;
    if (opcode < OPCODE.close) isMessageLet = isWithin;
    return isWithin;
  }

  function isFirstGoodbye(): boolean {
    const isFirst = !hasSaidGoodbye;
    hasSaidGoodbye = true;
    return isFirst;
  }

  function onFlood(): void {
    floods += 1;
    metrics.socketFloods.inc();
    if (floods <= MAX_FLOODS || ws?.readyState !== ws?.OPEN) return;
    metrics.closedSockets.inc({ reason: REASONS[CLOSE.limit] });
    ws?.close(CLOSE.limit, REASONS[CLOSE.limit]);
  }

  function take(bytes: Buffer): Buffer {
    const through = filter(bytes);
    leftOut += bytes.length - through.length;
    if (leftOut > MAX_LEFT_OUT_BYTES) rest();
    return through;
  }

  /** A socket that is being closed is not read again: its close timer destroys it. */
  function rest(): void {
    if (!ws) return void socket.destroy();
    if (isResting) return;
    isResting = true;
    setTimeout(readOn, frames.left_ms() + REST_MS).unref();
  }

  function readOn(): void {
    if (ws?.readyState !== ws?.OPEN) return;
    isResting = false;
    push(NOTHING);
  }

  // Node reads on while this is true. A stream that is paused would be read until its buffer is full, which it never is
  // when all is left out; and to push nothing begins to read again.
  const push = socket.push.bind(socket);
  socket.push = (bytes: Buffer | null) => {
    if (bytes === null) return push(null);
    const through = take(bytes);
    return (through.length === 0 || push(through)) && !isResting;
  };
  return {
    head: take(head),
    guard(opened) {
      ws = opened;
    },
  };
}

/** Only a pong that holds what its ping held counts, because a peer that reads nothing cannot know it. */
function keepAlive({ clients }: WebSocketServer, metrics: Metrics, every_ms: number): NodeJS.Timeout {
  const unanswered = new WeakMap<WebSocket, Buffer>();
  const listening = new WeakSet<WebSocket>();

  function ask(ws: WebSocket): void {
    const nonce = randomBytes(NONCE_BYTES);
    unanswered.set(ws, nonce);
    ws.ping(nonce);
    if (listening.has(ws)) return;
    listening.add(ws);
    ws.on('pong', (held) => {
      if (unanswered.get(ws)?.equals(held)) unanswered.delete(ws);
    });
  }

  function end(ws: WebSocket): void {
    const isBehind = ws.bufferedAmount > MAX_UNSENT_BYTES;
    metrics.closedSockets.inc({ reason: isBehind ? REASONS[CLOSE.slow] : 'silent' });
    if (isBehind) ws.close(CLOSE.slow, REASONS[CLOSE.slow]);
    else ws.terminate();
  }

  return setInterval(() => {
    for (const ws of clients) {
      if (ws.readyState !== ws.OPEN) continue;
      if (unanswered.has(ws)) end(ws);
      else ask(ws);
    }
  }, every_ms).unref();
}
