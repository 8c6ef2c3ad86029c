/**
 * The WebSocket server that socket.io and the plain WebSocket share: before each socket stands a gate that counts its
 * frames (gate.ts), and each peer is asked for a sign of life, which only one that reads can give (keepAlive.ts).
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { Gate, MAX_PAYLOAD_BYTES } from './gate.ts';
import { keepAlive } from './keepAlive.ts';
import { canWriteBeneath } from './readyFrames.ts';

const MAX_FRAGMENTS = 16;
/** A message may come byte by byte, and each of its pieces costs far more than it holds. */
const MAX_PIECES = 256;
/** How long a peer may take to say goodbye. */
const CLOSE_WITHIN_MS = 2_000;
const PING_EVERY_MS = 25_000;

const LIMITS = {
  maxPayload: MAX_PAYLOAD_BYTES,
  maxFragments: MAX_FRAGMENTS,
  maxBufferedChunks: MAX_PIECES,
  closeTimeout: CLOSE_WITHIN_MS,
  perMessageDeflate: false,
  clientTracking: true,
};

/** A class, because socket.io wants one of which to make its own server. */
export type Floodgate = ReturnType<typeof createFloodgate>;

/** @param isWrittenBeneath false: ready frames are not used, and all goes through ws */
export function createFloodgate(
  metrics: Metrics,
  { pingEvery_ms = PING_EVERY_MS, isWrittenBeneath = canWriteBeneath() } = {},
) {
  const sockets = new WeakMap<object, Duplex>();

  return class extends WebSocketServer {
    /** What a WebSocket writes to, where ready frames may be written beneath it. */
    static socketBeneath = (ws: object): Duplex | undefined => sockets.get(ws);

    readonly #gates = new WeakMap<Duplex, Gate>();
    readonly #keepalive: NodeJS.Timeout;

    constructor(options: ServerOptions) {
      super({ ...options, ...LIMITS });
      this.#keepalive = keepAlive(this, metrics, pingEvery_ms);
    }

    /** To be called as soon as an upgrade is asked for, where it is not answered at once. */
    gate(socket: Duplex, head: Buffer): void {
      this.#gates.set(socket, new Gate(socket, head, metrics));
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
        if (isWrittenBeneath) sockets.set(ws, socket);
        callback(ws, request);
      });
    }

    override close(onClosed?: (error?: Error) => void): void {
      clearInterval(this.#keepalive);
      super.close(onClosed);
    }
  };
}
