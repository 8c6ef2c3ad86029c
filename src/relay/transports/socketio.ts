/**
 * socket.io 4: namespace `/live`, each message an event named by its type. Refusals are `connect_error` with
 * `err.data`. Whoever shall come back loses the transport; whoever shall not is told that the server disconnected.
 */
import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { Problem } from '../../core/problem.ts';
import type { Config } from '../../infra/config.ts';
import type { Log } from '../../infra/log.ts';
import { type Admit, type Admitted, bearerToken, type Request, refusalOf } from '../admission.ts';
import type { Listeners } from '../listeners.ts';
import { CLOSE, type CloseCode } from '../messages.ts';

export interface SocketIo {
  attach(server: HttpServer): void;
  /** Cuts whoever has not gone by itself. */
  close(): void;
}

/** Paths that begin with this are served here. */
export const SOCKETIO_PATH = '/socket.io/';

const MAX_PAYLOAD_BYTES = 8_192;
const CONNECT_TIMEOUT_MS = 5_000;
const BUSY_PACKETS = 64;

export function createSocketIo(admit: Admit, listeners: Listeners, config: Config, log: Log): SocketIo {
  const io = new Server({
    path: SOCKETIO_PATH,
    serveClient: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxHttpBufferSize: MAX_PAYLOAD_BYTES,
    perMessageDeflate: false,
    destroyUpgrade: false,
    cleanupEmptyChildNamespaces: true,
    ...(config.CORS_ORIGINS.length > 0 && { cors: { origin: [...config.CORS_ORIGINS] } }),
  });
  const admitted = new WeakMap<Socket, Admitted>();

  const live = io.of('/live');
  // Every other name too, so that the client is told in our words. Such a namespace is gone with its refusal.
  for (const nowhere of [io.of('/'), io.of(/./)]) {
    nowhere.use((_socket, next) => next(refusal(new Problem('not_found', 'There is nothing in this namespace.'))));
  }
  live.use(async (socket, next) => {
    // A client that is refused does not try again by itself; one that loses its transport does.
    if (listeners.isDraining()) {
      socket.conn.close();
      return;
    }
    try {
      admitted.set(socket, await admit(requestOf(socket)));
      next();
    } catch (error) {
      next(refusal(error));
    }
  });
  live.on('connection', (socket) => serve(socket, admitted.get(socket)!));

  function refusal(error: unknown): Error {
    const { body, headers } = refusalOf(error, log);
    const seconds = headers['Retry-After'];
    const data = {
      code: body.code,
      status: body.status,
      ...(seconds !== undefined && { retry_after_ms: Number(seconds) * 1_000 }),
    };
    return Object.assign(new Error(body.detail), { data });
  }

  function serve(socket: Socket, visitor: Admitted): void {
    const { conn } = socket;
    let queued = 0;
    const onPacket = () => {
      queued += 1;
    };
    const onFlush = () => {
      queued = 0;
    };
    conn.on('packetCreate', onPacket);
    conn.on('flush', onFlush);
    const visit = listeners.enter('socketio', visitor, {
      send: (message) => void socket.emit(message.type, message),
      close: (code) => close(socket, code),
      isOpen: () => socket.connected && conn.readyState === 'open',
      isBusy: () => queued >= BUSY_PACKETS,
      whenReady: (callback) => void conn.once('drain', callback),
    });
    socket.onAny((event, ...args) => visit.receive(messageOf(event, args)));
    socket.on('error', (err) => log.debug({ err }, 'a socket.io client sent what cannot be read'));
    socket.on('disconnect', () => {
      conn.off('packetCreate', onPacket);
      conn.off('flush', onFlush);
      visit.leave();
    });
  }

  return {
    attach: (server) => void io.attach(server),
    close: () => io.engine?.close(),
  };
}

/** `disconnect` would tell the client not to come back. */
function close(socket: Socket, code: CloseCode): void {
  if (code === CLOSE.draining) socket.conn.close();
  else socket.disconnect(true);
}

function requestOf({ handshake }: Socket): Request {
  const { token, session_id, last_sequence } = handshake.auth;
  return {
    origin: handshake.headers.origin,
    token: token ?? bearerToken(handshake.headers.authorization),
    session_id,
    lastSequence() {
      if (last_sequence === undefined || last_sequence === null) return undefined;
      if (Number.isSafeInteger(last_sequence) && last_sequence >= 0) return last_sequence;
      throw new Problem('bad_request', 'last_sequence must be a whole number, 0 or more.');
    },
  };
}

/** The same object as on the other transports; undefined where it is none, as with a callback or bytes. */
function messageOf(event: unknown, args: unknown[]): unknown {
  const [given = {}] = args;
  if (args.length > 1 || typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
  if ('type' in given && given.type !== event) return undefined;
  return { ...given, type: event };
}
