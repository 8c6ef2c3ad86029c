/**
 * Opening and closing HTTP servers, with limits for clients that dawdle. A default port in use gives way to a free one;
 * a port asked for by name does not.
 */

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, type Socket, Server as TcpServer } from 'node:net';
import type { Log } from '../telemetry/log.ts';
import { timings } from '../timings.ts';
import { sayGoodbye, serveInTurn } from './httpConnections.ts';

/**
 * Headers come at once, a whole request within half a minute, and then the connection may wait for its next. It is kept
 * for longer than a proxy in front keeps it: else the proxy sends a request to a connection that is just being closed.
 * An answer may take as long as its reader takes something of it every half minute.
 */
export const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 75_000,
  maxHeadersCount: 100,
  unreadTimeout: 30_000,
} as const;
/**
 * Connections that wait to be taken, where the system lets so many wait. A crowd that comes back at once is more than the
 * 511 that are usual, and of those beyond them each comes again only after 1, 3, 7 seconds.
 */
const BACKLOG = 4_096;
/** How often Node looks after them. */
export const CHECK_LIMITS_EVERY_MS = 1_000;
/** A request with a file may come over a venue's uplink: while something of it comes, for so long. */
export const PATIENCE = { idle_ms: 20_000, most_ms: 5 * 60_000 };

/** Where a server is found that listens on this address of ours. */
export function addressOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Answers under way, so that a server that closes can tell who waits for them not to come back. */
const underWay = new WeakMap<Server, () => ServerResponse[]>();

/** Requests that may take longer than the server's limit. */
const patient = new WeakSet<Socket>();

/** Lets the request take its time, until what this returns is called. */
export function giveTime(req: IncomingMessage, { idle_ms, most_ms } = PATIENCE): () => void {
  const { socket } = req;
  const end = () => socket.destroy();
  patient.add(socket);
  socket.setTimeout(idle_ms, end);
  const late = setTimeout(end, most_ms);
  return () => {
    clearTimeout(late);
    socket.setTimeout(0);
    socket.off('timeout', end);
    patient.delete(socket);
  };
}

/**
 * Node has one limit for all requests of a server, and tells of each that is beyond it by this event; answered with true
 * it leaves the connection alone. A listener would have to answer every other fault of a connection as well.
 */
function sparePatient(server: Server): void {
  const emit = server.emit.bind(server) as (name: string, ...told: unknown[]) => boolean;
  server.emit = (name: string, ...told: unknown[]) => {
    const [fault, socket] = told as [{ code?: string }?, Socket?];
    const isSpared = name === 'clientError' && fault?.code === 'ERR_HTTP_REQUEST_TIMEOUT' && patient.has(socket!);
    return isSpared || emit(name, ...told);
  };
}

/** @returns the port. @throws when the port that was asked for is in use */
export async function listen(server: Server, host: string, asked: number | undefined, usual: number): Promise<number> {
  Object.assign(server, LIMITS);
  sparePatient(server);
  underWay.set(server, serveInTurn(server));
  try {
    return await open(server, host, asked ?? usual);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
    if (asked !== undefined) throw new Error(`port ${asked} is in use`);
    return open(server, host, 0);
  }
}

/** A scraper that looks at the usual port finds another process there. */
export function tellOfOtherPort(log: Log, asked: number | undefined, usual: number, metrics_port: number): void {
  if (asked === undefined && metrics_port !== usual) log.warn({ usual, metrics_port }, 'usual metrics port taken');
}

function open(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Accepts no connection any more and resolves when the requests under way are answered, or after ten seconds. A request
 * on a connection that was kept alive is still answered, and told to come on another: none must meet its end.
 */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  for (const res of underWay.get(server)?.() ?? []) sayGoodbye(res);
  server.prependListener('request', (_req, res: ServerResponse) => sayGoodbye(res));
  // Server.close of node:http would end the idle connections at once.
  const closed = new Promise<void>((resolve) => TcpServer.prototype.close.call(server, () => resolve()));
  // Right after what has arrived was read, so that no request lies unread on a connection that looks idle.
  const linger = setInterval(() => setImmediate(() => server.closeIdleConnections()), timings.stopping.linger_ms);
  const deadline = setTimeout(() => server.closeAllConnections(), timings.stopping.http_within_ms);
  await closed;
  clearInterval(linger);
  clearTimeout(deadline);
}
