/**
 * Plain WebSocket: `/live/ws/<session_id>`, one JSON object in each text frame. A refusal is an HTTP answer, given
 * before the upgrade.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { ProblemBody } from '../../core/definitions/problem.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { type Admit, type Admitted, refusedAdmission } from '../listeners/admission.ts';
import type { Listeners } from '../listeners/listeners.ts';
import { MAX_UNSENT_BYTES, REASONS, textOf } from '../listeners/messages.ts';
import type { Floodgate } from './floodgate.ts';
import { createReadiness } from './readiness.ts';
import { pathOf, requestOfUrl } from './request.ts';

export interface WebSockets {
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, session_id: string): Promise<void>;
  /** Cuts the connections that are still open. */
  close(): void;
}

const MAX_INSTANCE = 200;

export function createWebSockets(admit: Admit, listeners: Listeners, Gate: Floodgate, log: Log): WebSockets {
  const server = new Gate({ noServer: true });

  async function upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, session_id: string): Promise<void> {
    const onError = () => socket.destroy();
    socket.on('error', onError);
    server.gate(socket, head);
    try {
      const admitted = await admit(requestOfUrl('websocket', req, session_id));
      socket.off('error', onError);
      server.handleUpgrade(req, socket, head, (ws) => serve(ws, admitted));
    } catch (error) {
      const { body, headers } = refusedAdmission(error, log);
      rejectUpgrade(req, socket, body, headers);
    }
  }

  function serve(ws: WebSocket, admitted: Admitted): void {
    const isBusy = () => ws.bufferedAmount > MAX_UNSENT_BYTES;
    const { whenReady, onWritten } = createReadiness(isBusy);
    const visit = listeners.enter('websocket', admitted, {
      send: (message) => ws.send(textOf(message), onWritten),
      close: (code) => ws.close(code, REASONS[code]),
      isOpen: () => ws.readyState === ws.OPEN,
      isBusy,
      whenReady,
    });
    ws.on('message', (bytes: Buffer, isBinary) => {
      visit.receive({ bytes: bytes.length, isText: !isBinary, parse: () => JSON.parse(String(bytes)) });
    });
    ws.on('error', (err) => log.debug({ err }, 'a WebSocket failed'));
    ws.on('close', visit.leave);
  }

  function close(): void {
    for (const ws of server.clients) ws.terminate();
    server.close();
  }

  return { upgrade, close };
}

/** Answers an upgrade with a problem instead. The socket is raw by now: the answer is written by hand. */
export function rejectUpgrade(
  req: IncomingMessage,
  socket: Duplex,
  body: ProblemBody,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify({ ...body, instance: pathOf(req).slice(0, MAX_INSTANCE) });
  const lines = Object.entries({
    Connection: 'close',
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(text)),
    'Cache-Control': 'no-store',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${body.status} ${STATUS_CODES[body.status]}\r\n${lines.join('')}\r\n${text}`);
}
