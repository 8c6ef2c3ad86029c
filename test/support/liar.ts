/** A relay that cannot be trusted: passes a real one's messages on, changed as a test likes, and the API's answers as they are. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { Json } from './client.ts';

/** What is sent in the place of a message: as it stands, or nothing, or several. @param nth connection, from 1 */
export type Lie = (message: Json, text: string, nth: number) => (string | Json)[];

export interface Liar {
  url: string;
  /** The paths that clients asked for, in their order. */
  visits: string[];
  /** What clients said. */
  said: Json[];
  /** Says something to all clients. */
  say(message: Json): void;
  /** Ends all connections: without a word, or with a close code. */
  cut(code?: number): void;
  stop(): Promise<void>;
}

export const honest: Lie = (_, text) => [text];

export async function startLiar(relayUrl: string, lie: Lie = honest): Promise<Liar> {
  const server = createServer((_req, res) => void res.writeHead(404).end());
  const sockets = new WebSocketServer({ server });
  const visits: string[] = [];
  const said: Json[] = [];
  sockets.on('connection', (client, req: IncomingMessage) => {
    visits.push(req.url!);
    const nth = visits.length;
    const upstream = new WebSocket(`${relayUrl.replace('http', 'ws')}${req.url}`, 'plearoll.v1');
    const waiting: string[] = [];
    client.on('message', (data) => {
      said.push(JSON.parse(String(data)));
      if (upstream.readyState === upstream.OPEN) upstream.send(String(data));
      else waiting.push(String(data));
    });
    upstream.on('open', () => {
      for (const text of waiting) upstream.send(text);
    });
    upstream.on('message', (data) => {
      for (const one of lie(JSON.parse(String(data)), String(data), nth)) {
        client.send(typeof one === 'string' ? one : JSON.stringify(one));
      }
    });
    upstream.on('error', () => client.terminate());
    upstream.on('close', (code) => client.close(code > 1006 ? code : 1000));
    client.on('close', () => upstream.terminate());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    visits,
    said,
    say(message) {
      for (const client of sockets.clients) client.send(JSON.stringify(message));
    },
    cut(code) {
      for (const client of sockets.clients) {
        if (code === undefined) client.terminate();
        else client.close(code);
      }
    },
    async stop() {
      for (const client of sockets.clients) client.terminate();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
