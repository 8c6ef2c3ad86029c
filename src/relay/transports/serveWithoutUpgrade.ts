/**
 * Once a server listens for upgrades, Node hands over every request that offers one, such as the h2c of Java's and
 * curl's clients. A server may ignore an offer: the request goes back as the ordinary one that it also is, behind those
 * that came before it on its connection.
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { whenAnswered } from '../../infra/process/httpConnections.ts';

const OFFER = ['upgrade', 'http2-settings'];

export function serveWithoutUpgrade(server: HttpServer, req: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${req.method} ${req.url} HTTP/${req.httpVersion}`];
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const [name, value] = [req.rawHeaders[i]!, req.rawHeaders[i + 1]!];
    const kept = name.toLowerCase() === 'connection' ? withoutOffer(value) : value;
    if (kept !== '' && !OFFER.includes(name.toLowerCase())) lines.push(`${name}: ${kept}`);
  }
  const request = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]);
  whenAnswered(socket as Socket, () => {
    if (socket.destroyed) return;
    socket.unshift(request);
    server.emit('connection', socket);
  });
}

/** What the header says beside the offer: that the connection is to be closed, or kept. */
function withoutOffer(connection: string): string {
  const options = connection.split(',').map((option) => option.trim());
  return options.filter((option) => !OFFER.includes(option.toLowerCase())).join(', ');
}
