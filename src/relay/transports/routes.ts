/** Which requests of a server are the relay's, by their paths; all others stay with the server's own listeners. */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { LAST_OPEN } from '../listeners/admission.ts';
import type { Namespace } from '../listeners/prepared.ts';
import { NOWHERE, rejectUpgrade } from './refusal.ts';
import { pathOf } from './request.ts';
import { serveWithoutUpgrade } from './serveWithoutUpgrade.ts';
import { SOCKETIO_PATH } from './socketio.ts';
import type { EventStreams } from './sse.ts';
import type { AskedRoom, WebSockets } from './websocket.ts';

const WEBSOCKET_PATH = /^(\/live|\/gallery)\/ws\/([^/]+)$/;
/** The chat server's, of a gallery: the session stands in the query, or is not named. */
const CHAT_PATH = '/ws';
/** One connection follows many matches. */
const FEEDS_PATH = '/feeds/ws';
const SSE_PATH = /^\/live\/sse\/([^/]+)$/;

/** To be called when the server has its other request listeners. */
export function routeRequests(server: HttpServer, eventStreams: EventStreams): void {
  const others = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    const [, session_id] = SSE_PATH.exec(pathOf(req)) ?? [];
    if (session_id !== undefined) void eventStreams.serve(req, res, session_id);
    else for (const listener of others) listener.call(server, req, res);
  });
}

/** What is socket.io's is answered by its own listener. */
export function routeUpgrades(server: HttpServer, webSockets: WebSockets, public_url?: string): void {
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = pathOf(req);
    if (path.startsWith(SOCKETIO_PATH)) return;
    const asked = roomIn(req);
    if (asked) void webSockets.upgrade(req, socket, head, asked);
    else if (req.headers.upgrade?.toLowerCase() !== 'websocket') serveWithoutUpgrade(server, req, socket, head);
    else rejectUpgrade(req, socket, NOWHERE, public_url);
  });
}

function roomIn(req: IncomingMessage): AskedRoom | undefined {
  const path = pathOf(req);
  const [, namespace, session_id] = WEBSOCKET_PATH.exec(path) ?? [];
  if (session_id !== undefined) return { namespace: namespace as Namespace, session_id };
  if (path === FEEDS_PATH) return { namespace: '/feeds', session_id: '' };
  if (path !== CHAT_PATH) return undefined;
  const named = new URLSearchParams(req.url!.slice(path.length)).getAll('session_id');
  // Of two it means neither.
  return { namespace: '/gallery', session_id: named.length === 0 ? LAST_OPEN : named.join() };
}
