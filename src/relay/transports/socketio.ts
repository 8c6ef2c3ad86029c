/**
 * socket.io 4: a namespace for each kind of room, each message an event named by its type. Refusals are `connect_error` with
 * `err.data`. A client that shall come back loses the transport; one that shall not is told that the server disconnected.
 */
import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { Problem } from '../../core/definitions/problem.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Admitted } from '../listeners/admission.ts';
import { MAX_MESSAGE_BYTES } from '../listeners/inbound.ts';
import { CLOSE, type CloseCode } from '../listeners/messages.ts';
import type { IsLetIn } from '../listeners/origins.ts';
import type { Wire } from '../listeners/outlet.ts';
import { type Batch, NAMESPACES, type Namespace } from '../listeners/prepared.ts';
import type { Reception, Receptions } from '../listeners/reception.ts';
import type { Connection } from './engine.ts';
import type { Floodgate } from './floodgate.ts';
import { Line } from './line.ts';
import { refusalOf } from './refusal.ts';
import { type RealAddress, requestOfHandshake } from './request.ts';

export interface SocketIo {
  attach(server: HttpServer): void;
  /** Cuts the connections that are still open. */
  close(): void;
}

/** Paths that begin with this are served here. */
export const SOCKETIO_PATH = '/socket.io/';

const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_WITHIN_MS = 2_000;

export interface SocketIoOptions {
  receptions: Receptions;
  floodgate: Floodgate;
  isLetIn: IsLetIn;
  realAddress: RealAddress;
  log: Log;
}

export function createSocketIo({ receptions, floodgate, isLetIn, realAddress, log }: SocketIoOptions): SocketIo {
  const io = new Server({
    path: SOCKETIO_PATH,
    serveClient: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    wsEngine: floodgate,
    destroyUpgrade: false,
    cleanupEmptyChildNamespaces: true,
    cors: ({ headers }, answer) => answer(null, { origin: isLetIn(headers.origin, headers.host) }),
  });
  const admitted = new WeakMap<Socket, Admitted>();
  const lines = new WeakMap<Connection, Line>();

  for (const namespace of NAMESPACES) {
    const reception = receptions[namespace];
    if (reception) open(namespace, reception);
  }
  // Catch every other namespace, so that its refusal uses our codes; socket.io then drops the empty namespace.
  for (const nowhere of [io.of('/'), io.of(/./)]) {
    nowhere.use((_socket, next) => next(refusal(new Problem('not_found', 'There is nothing in this namespace.'))));
  }

  function open(namespace: Namespace, reception: Reception): void {
    const { admit, listeners, inWords } = reception;
    const here = io.of(namespace);
    here.use(async (socket, next) => {
      // A client that is refused does not try again by itself; one that loses its transport does.
      if (listeners.isDraining()) {
        socket.conn.close();
        return;
      }
      try {
        admitted.set(socket, await admit(requestOfHandshake(socket.handshake, realAddress)));
        next();
      } catch (error) {
        lines.get(socket.conn)!.free(namespace);
        next(refusal(error, inWords));
      }
    });
    here.on('connection', (socket) => serve(socket, namespace, reception));
  }

  function refusal(error: unknown, inWords?: Reception['inWords']): Error {
    const { body, headers } = refusalOf(error, log);
    const { status, detail, retry_after_ms } = body;
    const code = inWords?.(body).code ?? body.code;
    const seconds = headers['Retry-After'];
    const retry = seconds === undefined ? {} : { retry_after_ms: retry_after_ms ?? Number(seconds) * 1_000 };
    return Object.assign(new Error(detail), { data: { code, status, ...retry } });
  }

  function serve(socket: Socket, namespace: Namespace, { listeners }: Reception): void {
    const { conn } = socket;
    const line = lines.get(conn)!;
    const visit = listeners.enter('socketio', admitted.get(socket)!, new SocketIoWire(socket, line, namespace));
    line.seat(namespace, visit);
    forgetRequest(socket);
    socket.on('error', (err) => log.debug({ err }, 'socket.io client sent an unreadable packet'));
    socket.on('disconnect', () => {
      visit.leave();
      // A connection without a listener is held for nothing, and counts in no limit.
      if (line.free(namespace)) conn.close();
    });
  }

  function attach(server: HttpServer): void {
    io.attach(server);
    io.engine.on('connection', (conn: Connection) => lines.set(conn, new Line(conn, floodgate.socketBeneath)));
  }

  return { attach, close: () => io.engine?.close() };
}

/**
 * What a client was admitted by is not looked at again, and would be kept for as long as it listens: kilobytes for each.
 * Socket.io does without a request where there is none.
 */
function forgetRequest(socket: Socket): void {
  Object.assign(socket, { handshake: undefined });
  Object.assign(socket.conn, { request: undefined });
}

class SocketIoWire implements Wire {
  readonly #socket: Socket;
  readonly #line: Line;
  readonly #namespace: Namespace;

  constructor(socket: Socket, line: Line, namespace: Namespace) {
    this.#socket = socket;
    this.#line = line;
    this.#namespace = namespace;
  }

  write(batch: Batch): boolean {
    return this.#line.write(batch, this.#namespace);
  }

  isOpen(): boolean {
    return this.#socket.connected && this.#socket.conn.readyState === 'open';
  }

  /** `disconnect` would tell the client not to come back. A client that does not read cannot say goodbye. */
  close(code: CloseCode): void {
    const { conn } = this.#socket;
    const isAlone = this.#line.isAlone(this.#namespace);
    if (code === CLOSE.draining || code === CLOSE.slow) conn.close(code === CLOSE.slow);
    else this.#socket.disconnect(isAlone);
    // Another listener goes on, where there is one and it is this one alone that has to go.
    if (isAlone || conn.readyState !== 'open') setTimeout(() => conn.close(true), CLOSE_WITHIN_MS).unref();
  }
}
